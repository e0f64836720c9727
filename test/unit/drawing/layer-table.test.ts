import { describe, expect, it } from 'vitest';
import { classRows } from '../../../src/shared/drawing/confusion.ts';
import { layerColumns, layerRows, pruningRemark } from '../../../src/shared/drawing/layer-table.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import type { WeightMetrics } from '../../../src/shared/results.ts';
import { pathTo, reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

function kernel(layer: string, elements: number, zeros: number, more: Partial<WeightMetrics> = {}): WeightMetrics {
  return {
    layer,
    tensor: layer,
    operation: 'CONV_2D',
    shape: [elements],
    elements,
    zeros,
    uniqueValues: 9,
    uniqueValuesPerChannel: 4,
    ...more,
  };
}
const weights = [
  kernel('stem', 100, 50, { rawBytes: 100, gzipBytes: 60 }),
  kernel('dw', 10, 0, { operation: 'DEPTHWISE_CONV_2D' }),
  kernel('head', 1000, 900, { rawBytes: 1000, gzipBytes: 200 }),
];
const columns = layerColumns(english);
const names = (filter: string, order?: Parameters<typeof layerRows>[2]['order']) =>
  layerRows(weights, columns, { filter, order }).map(({ layer }) => layer);

describe('the table of layers', () => {
  it('keeps the order of the network until it is sorted, and missing figures last', () => {
    expect(names('')).toEqual(['stem', 'dw', 'head']);
    expect(names('', { column: 'gzipBytes', descending: true })).toEqual(['head', 'stem', 'dw']);
    expect(names('', { column: 'gzipBytes', descending: false })).toEqual(['stem', 'head', 'dw']);
    expect(names('', { column: 'layer', descending: false })).toEqual(['dw', 'head', 'stem']);
  });

  it('says where activations are int16, and finds these layers', () => {
    const mixed = [...weights, kernel('wide', 10, 0, { activations: 'int16' })];
    const operation = columns.find(({ key }) => key === 'operation');
    expect(mixed.map((each) => operation?.text(each))).toEqual(['CONV_2D', 'DEPTHWISE_CONV_2D', 'CONV_2D', 'CONV_2D (int16)']);
    expect(layerRows(mixed, columns, { filter: 'int16', order: undefined }).map(({ layer }) => layer)).toEqual(['wide']);
  });

  it('is filtered by layer or operation, whatever the case', () => {
    expect(names('HEAD')).toEqual(['head']);
    expect(names('depthwise')).toEqual(['dw']);
    expect(names('none')).toEqual([]);
  });

  it('says which kernels of a pruned node have no zeros, and why', () => {
    const model = reduceEvents(exampleRun()).models[0]!;
    const pruned = pathTo(model, 'pruned/pqat');
    expect(weights.map((one) => pruningRemark(one, pruned, english))).toEqual([undefined, 'not pruned by default', undefined]);
    expect(pruningRemark(kernel('a', 100, 1), pruned, english)).toBe('not pruned');
    expect(pruningRemark(kernel('a', 100, 1), pathTo(model, 'qat'), english)).toBeUndefined();
  });
});

it('the accuracy of each class, and what it is taken for most often', () => {
  expect(
    classRows([
      [8, 1, 1],
      [0, 0, 0],
      [2, 3, 5],
    ]),
  ).toEqual([
    { label: 0, examples: 10, right: 0.8, takenFor: { label: 1, count: 1 } },
    { label: 1, examples: 0, right: undefined, takenFor: undefined },
    { label: 2, examples: 10, right: 0.5, takenFor: { label: 1, count: 3 } },
  ]);
});
