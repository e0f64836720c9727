import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { fisherInformation } from '../../../src/core/train/fisher-information.ts';
import { memoryDataSet } from './training-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });

/** y = 2 a - b + 0.5 of two examples, one a batch; targets 0 and 1. */
function linear(): Parameters<typeof fisherInformation>[0] {
  const b = new NetworkBuilder('linear');
  const kernel = { shape: [1, 2], data: Float32Array.of(2, -1) };
  const network = b.build([b.dense('dense', b.input([2]), { kernel, bias: { shape: [1], data: Float32Array.of(0.5) } })]);
  const data = memoryDataSet([2], { kind: 'regression', size: 1 }, Float32Array.of(1, 3, 2, 1), new Int32Array(0), Float32Array.of(0, 1));
  return {
    engine,
    network,
    constraints: new Map(),
    data,
    loss: { kind: 'meanSquaredError' },
    batchSize: 1,
    batches: 2,
    seed: 1,
    signal: new AbortController().signal,
  };
}

describe('the Fisher information of a weight', () => {
  it('is the mean squared gradient of the batches, at weights that stand still', async () => {
    const information = await fisherInformation(linear());
    // Predictions -0.5 and 3.5: errors -0.5 and 2.5, gradients 2 e x.
    const [first, second] = [-1, 5];
    const mean = (a: number, b: number): number => (a ** 2 + b ** 2) / 2;
    const expected = [mean(first * 1, second * 2), mean(first * 3, second * 1)];
    // The moving average weighs the two batches 0.999 to 1.
    expected.forEach((value, i) => expect((information.get('dense/kernel')?.[i] ?? 0) / value).toBeCloseTo(1, 2));
    expect((information.get('dense/bias')?.[0] ?? 0) / mean(first, second)).toBeCloseTo(1, 2);
  });

  it('stops when it is cancelled', async () => {
    await expect(fisherInformation({ ...linear(), signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
