import { describe, expect, it } from 'vitest';
import type { Network } from '../../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { compileInference } from '../../../../src/core/lowering/inference.ts';
import { adam, halves, line, memoryDataSet } from '../training-fixtures.ts';
import { dataOf, engine, tune, weights } from './tune.ts';

async function accuracy(network: Network): Promise<number> {
  const data = halves(200, 99);
  const batch = await data.read(Uint32Array.from({ length: 200 }, (_, i) => i));
  const inference = await compileInference(engine, network, 200);
  const [outputs] = await inference.run(batch.inputs, 200);
  await inference.dispose();
  return batch.labels.filter((label, i) => (outputs![2 * i]! > outputs![2 * i + 1]! ? 0 : 1) === label).length / 200;
}

describe('learning', () => {
  it('learns a rule that holds for examples it has not seen', async () => {
    const tuned = await tune({ train: halves(400), epochs: 12 });
    expect(await accuracy(tuned.network)).toBeGreaterThan(0.88);
    expect(tuned.curve.at(-1)!.loss).toBeLessThan(tuned.curve[0]!.loss / 2);
    expect(tuned.steps).toBe(12 * 25);
  });

  it('gives the same bits for the same seed, others for another', async () => {
    const [first, second, other] = [await tune(), await tune(), await tune({ seed: 6 })];
    expect(weights(first)).toEqual(weights(second));
    expect(weights(first)).not.toEqual(weights(other));
  });

  it('takes the steps that its optimizers prescribe', async () => {
    // Loss w^2 at x = 1, so the gradient is 2 w; rate 0.1.
    const after = async (kernel: number, optimizer: FineTuning['optimizer'], steps: number): Promise<number> =>
      dataOf(await tune({ ...line([kernel], optimizer), steps }), 'dense/kernel')[0]!;
    expect(await after(1, { kind: 'sgd', momentum: 0, nesterov: false }, 2)).toBeCloseTo(0.64, 6);
    expect(await after(1, { kind: 'sgd', momentum: 0.9, nesterov: false }, 2)).toBeCloseTo(0.8 - (0.9 * 0.2 + 0.16), 6);
    expect(await after(1, { kind: 'sgd', momentum: 0.9, nesterov: true }, 1)).toBeCloseTo(1 - (0.9 * 0.2 + 0.2), 6);
    expect(await after(1, adam, 1)).toBeCloseTo(0.9, 5);
    expect(await after(1, { ...adam, kind: 'adamW', weightDecay: 0.5 }, 1)).toBeCloseTo(0.9 - 0.1 * 0.5, 5);
  });

  it('clips gradients by their global norm', async () => {
    // Gradient of (a + b)^2 is 2 (a + b) in both places: norm 2 sqrt(2) * 7, clipped to 1.
    const tuned = await tune({ ...line([3, 4]), gradientClipNorm: 1 });
    expect([...dataOf(tuned, 'dense/kernel')].map((x, i) => [3, 4][i]! - x)).toEqual([
      expect.closeTo(0.1 / Math.SQRT2, 5),
      expect.closeTo(0.1 / Math.SQRT2, 5),
    ]);
  });

  it('trains the last partial batch as it is: an epoch of 3 in batches of 2 moves as often and as far as by hand', async () => {
    const b = new NetworkBuilder('line');
    const network = b.build([b.dense('dense', b.input([1]), { kernel: { shape: [1, 1], data: Float32Array.of(0) } })]);
    const train = memoryDataSet(
      [1],
      { kind: 'regression', size: 1 },
      Float32Array.of(1, 1, 1),
      new Int32Array(0),
      Float32Array.of(1, 1, 1),
    );
    const tuned = await tune({ ...line([0]), network, train, batchSize: 2 });
    expect(tuned.steps).toBe(2);
    expect(dataOf(tuned, 'dense/kernel')[0]).toBeCloseTo(0.2 + 0.16, 6);
  });
});
