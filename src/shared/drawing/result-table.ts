/** The result table: the guide's columns as data, sorted and written as Markdown or CSV by pure functions. */
import { csvCell } from '../csv-cell.ts';
import type { ModelState } from '../run-state.ts';
import type { NodeResult } from '../node-result.ts';
import type { NodeMetrics } from '../results.ts';
import { mapMeasures, type MeasureId, measureIds, measureRow } from '../measures.ts';
import { accuracyChange, floatAccuracy, formatMeasure, qualityOf, qualityRow, shownMeasure, simulatedQuality } from '../measure-figures.ts';
import { qualityValue } from '../qualities.ts';
import { describeSpread } from './accuracy-interval.ts';
import { formatPercent, missing } from './format.ts';
import { statusOf, describeStatus } from './node-status.ts';
import { compareFigures, type Order } from './sorting.ts';
import { nodeTitle } from './technique-names.ts';
import type { Translate } from './translate.ts';

export type ColumnKey = 'model' | 'simulated' | 'sparsity' | 'uniqueValues' | 'uniqueValuesPerChannel' | 'certificate' | MeasureId;

export interface Column {
  readonly key: ColumnKey;
  readonly title: string;
  /** Says what the figure is and where it was measured. */
  readonly description: string;
  readonly numeric: boolean;
  /** Sorts first by the better end; undefined where neither is. */
  readonly better?: 'lower' | 'higher' | undefined;
  /** Left out until the reader asks for it. */
  readonly isDetail?: boolean | undefined;
}

export interface Cell {
  readonly text: string;
  /** Sort key; rows with an undefined key come last in both directions. */
  readonly order: number | string | undefined;
  /** Of the column, among the files to deploy. */
  readonly best?: true | undefined;
}

export interface ResultRow {
  readonly node: string;
  readonly level: number;
  readonly cells: Readonly<Record<ColumnKey, Cell>>;
}

/** @param model whose task names the columns of accuracy; left out are measures that none of its nodes has: cycles without a target, latency where none is wanted */
export function resultColumns(translate: Translate, model?: ModelState): readonly Column[] {
  const quality = qualityRow(model?.nodes.get(model.tree.id)?.metrics);
  return [
    { key: 'model', title: translate('Model'), description: translate('Node of the deployment tree'), numeric: false },
    {
      key: 'simulated',
      title: translate(quality.simulatedTitle),
      description: translate('Measured on the training engine'),
      numeric: true,
      better: quality.better,
    },
    ...measureIds
      .filter((id) => model === undefined || isMeasured(id, model))
      .map((id) =>
        id === 'accuracy'
          ? {
              key: id,
              title: translate(quality.int8Title),
              description: translate(quality.description),
              numeric: true,
              better: quality.better,
            }
          : measureColumn(id, translate),
      ),
    {
      key: 'sparsity',
      title: translate('Sparsity'),
      description: translate('Zeros among the weights of all kernels'),
      numeric: true,
      better: 'higher',
    },
    {
      key: 'uniqueValues',
      title: translate('Unique values'),
      description: translate('The most in any kernel'),
      numeric: true,
      better: 'lower',
    },
    {
      key: 'uniqueValuesPerChannel',
      title: translate('Unique values in a channel'),
      description: translate('The most in any one output channel'),
      numeric: true,
      better: 'lower',
    },
    {
      key: 'certificate',
      title: translate('Certificate'),
      description: translate('What was read back from the file against what was asked for'),
      numeric: false,
    },
  ];
}

/** Whether any node has the figure. */
export function isMeasured(id: MeasureId, { nodes }: ModelState): boolean {
  return [...nodes.values()].some(({ metrics }) => metrics !== undefined && measureRow(id).value(metrics) !== undefined);
}

function measureColumn(id: MeasureId, translate: Translate): Column {
  const { title, description, better, isDetail, savesOf } = measureRow(id);
  const isSize = id === 'raw' || savesOf === 'raw';
  return {
    key: id,
    title: translate(title),
    description: isSize ? `${translate(description)}; ${translate('in brackets against the trained model')}` : translate(description),
    numeric: true,
    better,
    isDetail,
  };
}

export function resultRows(model: ModelState, translate: Translate): readonly ResultRow[] {
  const levels = new Map<string, number>();
  const baseline = model.nodes.get(model.tree.id)?.metrics;
  const rows = [...model.nodes.values()].map((result) => {
    const level = result.parent === undefined ? 0 : (levels.get(result.parent) ?? 0) + 1;
    levels.set(result.node.id, level);
    return { node: result.node.id, level, leaf: result.node.leaf, cells: cellsOf(result, baseline, translate) };
  });
  const best = new Map(
    resultColumns(translate, model).flatMap(({ key, better }) => {
      const figures = rows.flatMap(({ leaf, cells: { [key]: cell } }) => (leaf && typeof cell.order === 'number' ? [cell.order] : []));
      // Where all are alike none is better.
      if (better === undefined || new Set(figures).size < 2) return [];
      return [[key, better === 'lower' ? Math.min(...figures) : Math.max(...figures)] as const];
    }),
  );
  return rows.map(({ node, level, leaf, cells }) => {
    const marked: Record<ColumnKey, Cell> = { ...cells };
    if (leaf) for (const [key, order] of best) if (cells[key].order === order) marked[key] = { ...cells[key], best: true };
    return { node, level, cells: marked };
  });
}

type Cells = Readonly<Record<ColumnKey, Cell>>;

interface KnownCells {
  readonly baseline: NodeMetrics | undefined;
  readonly translate: Translate;
  readonly cells: Cells;
}

/** The panel asks for every row some times a second, while few of them change. */
const knownCells = new WeakMap<NodeResult, KnownCells>();

function cellsOf(result: NodeResult, baseline: NodeMetrics | undefined, translate: Translate): Cells {
  const known = knownCells.get(result);
  if (known !== undefined && known.baseline === baseline && known.translate === translate) return known.cells;
  const cells = makeCells(result, baseline, translate);
  knownCells.set(result, { baseline, translate, cells });
  return cells;
}

function makeCells(result: NodeResult, baseline: NodeMetrics | undefined, translate: Translate): Cells {
  const { metrics } = result;
  const weights = weightTotals(metrics);
  const { uniqueValues } = weights;
  return {
    model: { text: nodeTitle(result.node.title, translate), order: nodeTitle(result.node.title, translate) },
    simulated:
      metrics === undefined
        ? { text: describeStatus(statusOf(result), translate), order: undefined }
        : {
            text: `${simulatedQuality(metrics)}${describeSpread(metrics, metrics.simulated)}${changeOf(baseline, qualityValue(metrics.simulated), metrics)}`,
            order: qualityValue(metrics.simulated),
          },
    sparsity: { text: formatPercent(weights.sparsity, 1), order: weights.sparsity },
    uniqueValues: countCell(uniqueValues?.kernel),
    uniqueValuesPerChannel: countCell(uniqueValues?.channel),
    certificate: certificateCell(metrics, translate),
    ...measureCells(result, baseline),
  };
}

function countCell(count: number | undefined): Cell {
  return { text: count === undefined ? missing : String(count), order: count };
}

function measureCells({ node, metrics }: NodeResult, baseline: NodeMetrics | undefined): Readonly<Record<MeasureId, Cell>> {
  return mapMeasures((id) => {
    // The accuracy of a float node's .tflite is the figure of the column before.
    const isShown = metrics !== undefined && (id !== 'accuracy' || node.precision === 'int8');
    return isShown ? measureCell(id, metrics, baseline) : { text: missing, order: undefined };
  });
}

function measureCell(id: MeasureId, metrics: NodeMetrics, baseline: NodeMetrics | undefined): Cell {
  const found = measureRow(id).value(metrics);
  if (id === 'accuracy')
    return {
      text: `${shownMeasure(id, metrics)}${describeSpread(metrics, metrics.deployed)}${changeOf(baseline, found, metrics)}`,
      order: found,
    };
  return { text: `${formatMeasure(id, found)}${savingOf(id, found, metrics, baseline)}`, order: found };
}

/** ` (+0.01)`: against the trained model in float. */
function changeOf(baseline: NodeMetrics | undefined, accuracy: number | undefined, metrics: NodeMetrics): string {
  if (metrics === baseline || accuracy === undefined) return '';
  const change = accuracyChange(floatAccuracy(baseline), accuracy, qualityOf(metrics));
  return change === missing ? '' : ` (${change})`;
}

/** ` (−85.0%)`: of the same size of the trained model's float file, or of that file where it has no such size. */
function savingOf(id: MeasureId, found: number | undefined, metrics: NodeMetrics, baseline: NodeMetrics | undefined): string {
  const { value, savesOf } = measureRow(id);
  if ((id !== 'raw' && savesOf !== 'raw') || found === undefined || baseline === undefined || metrics === baseline) return '';
  const before = value(baseline) ?? measureRow('raw').value(baseline);
  if (before === undefined || before === 0) return '';
  const change = found / before - 1;
  // Nothing that the figure would show.
  if (Math.abs(change) < 0.0005) return '';
  return ` (${change > 0 ? '+' : '−'}${formatPercent(Math.abs(change), 1)})`;
}

function certificateCell(metrics: NodeMetrics | undefined, translate: Translate): Cell {
  const certificate = metrics?.certificate;
  if (certificate === undefined) return { text: missing, order: undefined };
  const failed = certificate.checks.filter((check) => !check.passed).length;
  return certificate.passed
    ? { text: translate('passed'), order: 'a' }
    : { text: translate('{0} of {1} failed', failed, certificate.checks.length), order: 'b' };
}

/** Over all kernels: the share of zeros, and the most unique values in a kernel and in a channel. */
export function weightTotals(metrics: NodeMetrics | undefined): {
  readonly sparsity: number | undefined;
  readonly uniqueValues: { readonly kernel: number; readonly channel: number } | undefined;
} {
  const weights = metrics?.weights ?? [];
  if (weights.length === 0) return { sparsity: undefined, uniqueValues: undefined };
  const elements = weights.reduce((sum, kernel) => sum + kernel.elements, 0);
  const zeros = weights.reduce((sum, kernel) => sum + kernel.zeros, 0);
  return {
    sparsity: elements === 0 ? undefined : zeros / elements,
    uniqueValues: {
      kernel: Math.max(...weights.map((kernel) => kernel.uniqueValues)),
      channel: Math.max(...weights.map((kernel) => kernel.uniqueValuesPerChannel)),
    },
  };
}

/** Names come from files: what Markdown or HTML in it would do is shown as text. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\|`*[\]!]/g, '\\$&')
    .replaceAll(/\s+/g, ' ');
}

/** Stable; rows without a value stay at the end. Undefined is the tree's own order. */
export function sortRows(rows: readonly ResultRow[], sort: Order<ColumnKey> | undefined): readonly ResultRow[] {
  if (sort === undefined) return rows;
  const { column, descending } = sort;
  return rows.toSorted((first, second) => compareFigures(first.cells[column].order, second.cells[column].order, descending));
}

export function toMarkdown(columns: readonly Column[], rows: readonly ResultRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => escapeMarkdown(cell)).join(' | ')} |`;
  return [
    line(columns.map((column) => column.title)),
    line(columns.map((column) => (column.numeric ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map((column) => row.cells[column.key].text))),
    '',
  ].join('\n');
}

/** RFC 4180; figures as numbers with all their digits, so that a spreadsheet can calculate with them. */
export function toCsv(columns: readonly Column[], rows: readonly ResultRow[]): string {
  return [
    columns.map((column) => csvCell(column.title)),
    ...rows.map((row) =>
      columns.map((column) => {
        const cell = row.cells[column.key];
        return csvCell(column.numeric ? cell.order : cell.text);
      }),
    ),
  ]
    .map((fields) => `${fields.join(',')}\r\n`)
    .join('');
}
