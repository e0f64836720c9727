/** What the colour of a node can say: one row each. */
import type { GraphNode, LayerFigures, NetworkGraph } from './network-graph.ts';

export type ShadingId = 'sparsity' | 'uniqueValues' | 'roundingError' | 'difference';

/** The largest figure of a graph is the strongest colour. */
export type ShadingRange = readonly [least: number, most: number];

interface ShadingRow {
  readonly title: string;
  readonly legend: readonly { readonly text: string; readonly mark: string }[];
  readonly value?: (figures: LayerFigures) => number | undefined;
  readonly range?: (graph: NetworkGraph) => ShadingRange;
}

export const shadings: Readonly<Record<ShadingId, ShadingRow>> = {
  sparsity: {
    title: 'Sparsity',
    legend: [
      { text: 'no zeros', mark: 'weak' },
      { text: 'all zeros', mark: 'strong' },
    ],
    value: ({ sparsity }) => sparsity,
    range: () => [0, 1],
  },
  uniqueValues: {
    title: 'Unique values',
    legend: [
      { text: 'few values', mark: 'weak' },
      { text: 'most values', mark: 'strong' },
    ],
    // Bits of an index say more than the count, which is small or huge.
    value: ({ uniqueValues }) => Math.log2(Math.max(1, uniqueValues)),
    range: (graph) => rangeOf(graph, ({ uniqueValues }) => Math.log2(Math.max(1, uniqueValues))),
  },
  roundingError: {
    title: 'Rounding error (estimate)',
    legend: [
      { text: 'small error', mark: 'weak' },
      { text: 'largest error', mark: 'strong' },
    ],
    value: ({ roundingError }) => roundingError,
    range: (graph) => rangeOf(graph, ({ roundingError }) => roundingError),
  },
  difference: {
    title: 'Difference',
    legend: [
      { text: 'other weights', mark: 'changed' },
      { text: 'only in the first file', mark: 'first' },
      { text: 'only in the second file', mark: 'second' },
    ],
  },
};

export interface Shade {
  readonly colour: 'figure' | 'changed' | 'first' | 'second';
  /** In [0, 1]. */
  readonly strength: number;
}

/** Text has to stay readable on it. */
const strongest = 0.65;
const weakest = 0.04;

/** Undefined: without colour. */
export function shadeOf({ figures, difference }: GraphNode, shading: ShadingId, range: ShadingRange | undefined): Shade | undefined {
  if (shading === 'difference') return difference === 'same' ? undefined : { colour: difference, strength: 0.35 };
  const value = figures && shadings[shading].value?.(figures);
  if (value === undefined || range === undefined) return undefined;
  const [least, most] = range;
  const part = most === least ? 1 : (value - least) / (most - least);
  return { colour: 'figure', strength: weakest + part * (strongest - weakest) };
}

function rangeOf({ nodes }: NetworkGraph, value: (figures: LayerFigures) => number | undefined): ShadingRange {
  const values = nodes.flatMap(({ figures }) => (figures === undefined ? [] : (value(figures) ?? [])));
  return [0, values.reduce((a, b) => Math.max(a, b), 0)];
}

/** Every text that needs a translation. */
export function shadingTexts(): readonly string[] {
  return Object.values(shadings).flatMap(({ title, legend }) => [title, ...legend.map(({ text }) => text)]);
}
