/** The kernels of a node as a table: sorted and filtered by pure functions. */
import type { NodeResult } from '../node-result.ts';
import type { WeightMetrics } from '../results.ts';
import { techniqueRow } from '../techniques.ts';
import { formatBytes, formatCount, formatPercent } from './format.ts';
import { compareFigures, type Order } from './sorting.ts';
import type { Translate } from './translate.ts';

export type LayerColumnKey =
  | 'layer'
  | 'operation'
  | 'shape'
  | 'elements'
  | 'sparsity'
  | 'uniqueValues'
  | 'uniqueValuesPerChannel'
  | 'rawBytes'
  | 'packedBytes'
  | 'gzipBytes';

export interface LayerColumn {
  readonly key: LayerColumnKey;
  readonly title: string;
  readonly numeric: boolean;
  readonly order: (kernel: WeightMetrics) => number | string | undefined;
  readonly text: (kernel: WeightMetrics) => string;
  /** Length of the cell's bar, as a part of the greatest in the column. */
  readonly bar?: true;
}

export function layerColumns(translate: Translate): readonly LayerColumn[] {
  const counted = (key: 'elements' | 'uniqueValues' | 'uniqueValuesPerChannel', title: string): LayerColumn => ({
    key,
    title,
    numeric: true,
    order: (kernel) => kernel[key],
    text: (kernel) => formatCount(kernel[key]),
  });
  const sized = (key: 'rawBytes' | 'packedBytes' | 'gzipBytes', title: string): LayerColumn => ({
    key,
    title,
    numeric: true,
    order: (kernel) => kernel[key],
    text: (kernel) => formatBytes(kernel[key]),
    bar: true,
  });
  return [
    { key: 'layer', title: translate('Layer'), numeric: false, order: ({ layer }) => layer, text: ({ layer }) => layer },
    {
      key: 'operation',
      title: translate('Operation'),
      numeric: false,
      order: kernelOperation,
      text: kernelOperation,
    },
    { key: 'shape', title: translate('Shape'), numeric: false, order: ({ elements }) => elements, text: ({ shape }) => shape.join(' × ') },
    counted('elements', translate('Weights')),
    {
      key: 'sparsity',
      title: translate('Sparsity'),
      numeric: true,
      order: sparsityOf,
      text: (kernel) => formatPercent(sparsityOf(kernel), 1),
      bar: true,
    },
    counted('uniqueValues', translate('Unique values')),
    counted('uniqueValuesPerChannel', translate('Unique values in a channel')),
    sized('rawBytes', translate('Bytes')),
    sized('packedBytes', translate('Packed')),
    sized('gzipBytes', translate('gzip')),
  ];
}

/** `CONV_2D`, or `CONV_2D (int16)` where its activations are not int8 like those of others. */
export function kernelOperation({ operation, activations }: WeightMetrics): string {
  return activations === undefined ? operation : `${operation} (${activations})`;
}

export function sparsityOf({ elements, zeros }: WeightMetrics): number {
  return elements === 0 ? 0 : zeros / elements;
}

/** Those whose layer or operation has the text; without an order as in the network. Missing figures come last. */
export function layerRows(
  weights: readonly WeightMetrics[],
  columns: readonly LayerColumn[],
  { filter, order }: { readonly filter: string; readonly order: Order<LayerColumnKey> | undefined },
): readonly WeightMetrics[] {
  const wanted = filter.trim().toLowerCase();
  const found = weights.filter((kernel) => `${kernel.layer} ${kernelOperation(kernel)}`.toLowerCase().includes(wanted));
  const column = columns.find(({ key }) => key === order?.column);
  if (order === undefined || column === undefined) return found;
  return found.toSorted((first, second) => compareFigures(column.order(first), column.order(second), order.descending));
}

/** A kernel with so few zeros was left out of pruning. */
const prunedFrom = 0.05;

/** Why a kernel of a pruned node has no zeros; undefined where there is nothing to say. */
export function pruningRemark(kernel: WeightMetrics, path: readonly NodeResult[], translate: Translate): string | undefined {
  const isPruned = path.some(({ node }) => node.technique !== 'baseline' && techniqueRow(node.technique).adds === 'sparsity');
  if (!isPruned || sparsityOf(kernel) >= prunedFrom) return undefined;
  return kernel.operation === 'DEPTHWISE_CONV_2D' ? translate('not pruned by default') : translate('not pruned');
}
