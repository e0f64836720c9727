/** Runs as rows of a board: what each gave, when, and what the user noted. */
import { measureRow, sizeMeasure } from '../measures.ts';
import { shownAccuracy, shownMeasure, shownQuality } from '../measure-figures.ts';
import type { ModelState, RunState } from '../run-state.ts';
import { formatSeconds, missing } from './format.ts';
import { compareFigures, type Order } from './sorting.ts';
import { bestLeaf } from './target-verdicts.ts';
import { nodeTitle } from './technique-names.ts';
import type { Translate } from './translate.ts';

export interface BoardRun {
  readonly key: string;
  readonly name: string;
  /** What has become of it, in the language of the user. */
  readonly outcome: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | undefined;
  readonly seconds: number | undefined;
  readonly best: BestFile | undefined;
  /** Words with # before them are tags. */
  readonly note: string;
  readonly isPinned: boolean;
}

export interface BestFile {
  /** Title in English. */
  readonly title: string;
  readonly accuracy: number | undefined;
  readonly accuracyText: string;
  /** In bytes, by the measure that files are ranked by. */
  readonly size: number | undefined;
  readonly sizeText: string;
}

/** The recommended file of the run's first model. */
export function bestFile({ models }: RunState): BestFile | undefined {
  const [model] = models;
  const leaf = model && bestLeaf(model, {})?.leaf;
  if (leaf?.metrics === undefined) return undefined;
  return {
    title: leaf.node.title,
    accuracy: shownAccuracy(leaf.metrics),
    accuracyText: shownQuality(leaf.metrics),
    size: measureRow(sizeMeasure).value(leaf.metrics),
    sizeText: shownMeasure(sizeMeasure, leaf.metrics),
  };
}

export type BoardColumnKey = 'name' | 'best' | 'accuracy' | 'size' | 'startedAt' | 'seconds' | 'outcome' | 'note';

export interface BoardColumn {
  readonly key: BoardColumnKey;
  readonly title: string;
  readonly numeric: boolean;
  /** Which end a first click brings up. */
  readonly descendingFirst: boolean;
  readonly order: (run: BoardRun) => number | string | undefined;
  readonly text: (run: BoardRun) => string;
}

export function boardColumns(translate: Translate, formatTime: (time: number) => string): readonly BoardColumn[] {
  const plain = { numeric: false, descendingFirst: false };
  return [
    { ...plain, key: 'name', title: translate('Run'), order: ({ name }) => name, text: ({ name }) => name },
    {
      ...plain,
      key: 'best',
      title: translate('Best file'),
      order: ({ best }) => best?.title,
      text: ({ best }) => (best === undefined ? missing : nodeTitle(best.title, translate)),
    },
    {
      key: 'accuracy',
      title: translate('Accuracy'),
      numeric: true,
      descendingFirst: true,
      order: ({ best }) => best?.accuracy,
      text: ({ best }) => best?.accuracyText ?? missing,
    },
    {
      key: 'size',
      title: translate(measureRow(sizeMeasure).title),
      numeric: true,
      descendingFirst: false,
      order: ({ best }) => best?.size,
      text: ({ best }) => best?.sizeText ?? missing,
    },
    {
      key: 'startedAt',
      title: translate('Started'),
      numeric: false,
      descendingFirst: true,
      order: ({ startedAt }) => startedAt,
      text: ({ startedAt }) => (startedAt === undefined ? missing : formatTime(startedAt)),
    },
    {
      key: 'seconds',
      title: translate('Took'),
      numeric: true,
      descendingFirst: false,
      order: ({ seconds }) => seconds,
      text: ({ seconds }) => formatSeconds(seconds),
    },
    { ...plain, key: 'outcome', title: translate('Outcome'), order: ({ outcome }) => outcome, text: ({ outcome }) => outcome },
  ];
}

/** The pinned run stays first; missing figures come last. Filtered by name, note or tag. */
export function boardRows(
  runs: readonly BoardRun[],
  columns: readonly BoardColumn[],
  order: Order<BoardColumnKey> | undefined,
  filter: string,
): readonly BoardRun[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = runs.filter(({ name, note }) => words.every((word) => `${name} ${note}`.toLowerCase().includes(word)));
  const column = columns.find(({ key }) => key === order?.column);
  return found.toSorted((first, second) => {
    if (first.isPinned !== second.isPinned) return Number(second.isPinned) - Number(first.isPinned);
    if (order === undefined || column === undefined) return 0;
    return compareFigures(column.order(first), column.order(second), order.descending);
  });
}

/** The pinned run first, else the earliest: what the others are compared with. */
export function comparedInOrder(runs: readonly BoardRun[]): readonly BoardRun[] {
  return runs.toSorted((a, b) => Number(b.isPinned) - Number(a.isPinned) || (a.startedAt ?? Infinity) - (b.startedAt ?? Infinity));
}

export interface RecipeDifference {
  /** `techniques.pruning.sparsity` */
  readonly path: string;
  /** In the order of the recipes; undefined where one has no such value. */
  readonly values: readonly (string | undefined)[];
}

/** The values that are not the same in all recipes. */
export function recipeDifferences(recipes: readonly unknown[]): readonly RecipeDifference[] {
  const flat = recipes.map((recipe) => new Map(leavesOf(recipe, '')));
  const paths = [...new Set(flat.flatMap((values) => [...values.keys()]))].toSorted();
  return paths.map((path) => ({ path, values: flat.map((values) => values.get(path)) })).filter(({ values }) => new Set(values).size > 1);
}

function leavesOf(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value) ?? '']];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[path, JSON.stringify(value)]];
  return entries.flatMap(([key, child]) => leavesOf(child, path === '' ? key : `${path}.${key}`));
}

/** The wanted node where any of the models has it, else the first that all have a curve of, else the first. */
export function comparedNode(models: readonly (ModelState | undefined)[], wanted: string | undefined): string | undefined {
  const ids = comparedNodes(models);
  if (wanted !== undefined && ids.includes(wanted)) return wanted;
  return ids.find((id) => models.every((model) => (model?.nodes.get(id)?.curve.length ?? 0) > 0)) ?? ids[0];
}

/** The nodes that any of the models has, in the order of the trees. */
export function comparedNodes(models: readonly (ModelState | undefined)[]): readonly string[] {
  return [...new Set(models.flatMap((model) => (model === undefined ? [] : [...model.nodes.keys()])))];
}
