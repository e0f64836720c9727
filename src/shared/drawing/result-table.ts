/** The result table: the guide's columns as data, sorted and written as Markdown or CSV by pure functions. */
import { csvCell } from '../csv-cell.ts';
import type { ModelState, NodeResult } from '../run-state.ts';
import type { NodeMetrics } from '../results.ts';
import {
  formatMeasure,
  mapMeasures,
  type MeasureId,
  measureIds,
  measureRow,
  qualityRow,
  shownMeasure,
  simulatedQuality,
} from '../measures.ts';
import { qualityValue } from '../qualities.ts';
import { formatPercent, missing } from './format.ts';
import { statusOf, describeStatus } from './node-status.ts';
import { nodeTitle } from './technique-names.ts';
import type { Translate } from './translate.ts';

export type ColumnKey = 'model' | 'simulated' | 'sparsity' | 'uniqueValues' | 'certificate' | MeasureId;

export interface Column {
  readonly key: ColumnKey;
  readonly title: string;
  /** Says what the figure is and where it was measured. */
  readonly description: string;
  readonly numeric: boolean;
}

export interface Cell {
  readonly text: string;
  /** Sort key; rows with an undefined key come last in both directions. */
  readonly order: number | string | undefined;
}

export interface ResultRow {
  readonly node: string;
  readonly level: number;
  readonly cells: Readonly<Record<ColumnKey, Cell>>;
}

export interface SortOrder {
  readonly column: ColumnKey;
  readonly descending: boolean;
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
    },
    ...measureIds
      .filter((id) => model === undefined || isMeasured(id, model))
      .map((id) =>
        id === 'accuracy'
          ? { key: id, title: translate(quality.int8Title), description: translate(quality.description), numeric: true }
          : measureColumn(id, translate),
      ),
    { key: 'sparsity', title: translate('Sparsity'), description: translate('Zeros among the weights of all kernels'), numeric: true },
    {
      key: 'uniqueValues',
      title: translate('Unique values'),
      description: translate('The most in any kernel; in any one channel in brackets'),
      numeric: true,
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
  const { title, description } = measureRow(id);
  return { key: id, title: translate(title), description: translate(description), numeric: true };
}

export function resultRows(model: ModelState, translate: Translate): readonly ResultRow[] {
  const levels = new Map<string, number>();
  return [...model.nodes.values()].map((result) => {
    const level = result.parent === undefined ? 0 : (levels.get(result.parent) ?? 0) + 1;
    levels.set(result.node.id, level);
    return { node: result.node.id, level, cells: cellsOf(result, translate) };
  });
}

function cellsOf(result: NodeResult, translate: Translate): Readonly<Record<ColumnKey, Cell>> {
  const { metrics } = result;
  const weights = weightTotals(metrics);
  const { uniqueValues } = weights;
  return {
    model: { text: nodeTitle(result.node.title, translate), order: nodeTitle(result.node.title, translate) },
    simulated:
      metrics === undefined
        ? { text: describeStatus(statusOf(result), translate), order: undefined }
        : { text: simulatedQuality(metrics), order: qualityValue(metrics.simulated) },
    sparsity: { text: formatPercent(weights.sparsity, 1), order: weights.sparsity },
    uniqueValues:
      uniqueValues === undefined
        ? { text: missing, order: undefined }
        : { text: `${uniqueValues.kernel} (${uniqueValues.channel})`, order: uniqueValues.kernel },
    certificate: certificateCell(metrics, translate),
    ...measureCells(result),
  };
}

function measureCells({ node, metrics }: NodeResult): Readonly<Record<MeasureId, Cell>> {
  return mapMeasures((id) => {
    // The accuracy of a float node's .tflite is the figure of the column before.
    const isShown = metrics !== undefined && (id !== 'accuracy' || node.precision === 'int8');
    return isShown ? measureCell(id, metrics) : { text: missing, order: undefined };
  });
}

function measureCell(id: MeasureId, metrics: NodeMetrics): Cell {
  const { value, savesOf } = measureRow(id);
  const found = value(metrics);
  const whole = savesOf === undefined ? undefined : measureRow(savesOf).value(metrics);
  const saved = found === undefined || whole === undefined ? '' : ` (−${formatPercent(1 - found / whole, 1)})`;
  return { text: `${id === 'accuracy' ? shownMeasure(id, metrics) : formatMeasure(id, found)}${saved}`, order: found };
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
export function sortRows(rows: readonly ResultRow[], sort: SortOrder | undefined): readonly ResultRow[] {
  if (sort === undefined) return rows;
  const sign = sort.descending ? -1 : 1;
  return rows.toSorted((first, second) => {
    const a = first.cells[sort.column].order;
    const b = second.cells[sort.column].order;
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * String(a).localeCompare(String(b));
  });
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
