import { formatPercent } from '../shared/drawing/format.ts';
import type { WeightMetrics } from '../shared/results.ts';
import { shapeText, shortName, textTable, type TextColumn } from './text-table.ts';

/** A further column, with a cell for each kernel. */
export interface KernelColumn extends TextColumn {
  readonly cell: (kernel: WeightMetrics) => string;
}

const activationColumn: KernelColumn = { title: 'activations', cell: ({ activations = 'int8' }) => activations };

interface KernelTableOptions {
  /** Zeros as a part of the weights, such as 72/144. */
  readonly zerosOfElements?: boolean;
  readonly more?: readonly KernelColumn[];
}

/** Zeros and unique values, one line for each kernel. */
export function kernelTable(kernels: readonly WeightMetrics[], { zerosOfElements = false, more = [] }: KernelTableOptions = {}): string {
  const columns: readonly KernelColumn[] = [
    { title: 'kernel', cell: ({ tensor }) => shortName(tensor) },
    { title: 'shape', cell: ({ shape }) => shapeText(shape) },
    { title: 'zeros', numeric: true, cell: ({ zeros, elements }) => (zerosOfElements ? `${zeros}/${elements}` : String(zeros)) },
    { title: 'sparsity', numeric: true, cell: ({ zeros, elements }) => formatPercent(elements === 0 ? undefined : zeros / elements, 1) },
    { title: 'unique values', numeric: true, cell: ({ uniqueValues }) => String(uniqueValues) },
    { title: 'in a channel', numeric: true, cell: ({ uniqueValuesPerChannel }) => String(uniqueValuesPerChannel) },
    // Only where some layers differ from int8.
    ...(kernels.some(({ activations }) => activations !== undefined) ? [activationColumn] : []),
    ...more,
  ];
  return textTable(
    columns,
    kernels.map((kernel) => columns.map(({ cell }) => cell(kernel))),
  );
}
