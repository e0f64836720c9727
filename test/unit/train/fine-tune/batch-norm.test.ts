import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import { filled, halves, seededParameter, smallNetwork } from '../training-fixtures.ts';
import { dataOf, tune } from './tune.ts';

describe('batch norm', () => {
  it('moves running statistics towards those of the batch, and not at all when frozen', async () => {
    const train = halves(16);
    const {
      inputs: [inputs = new Float32Array(0)],
    } = await train.read(Uint32Array.from({ length: 16 }, (_, i) => i));
    const b = new NetworkBuilder('norm');
    const normalized = b.batchNorm('bn', b.input([4, 4, 1]), {
      gamma: filled([1], 1),
      beta: filled([1], 0),
      mean: filled([1], 5),
      variance: filled([1], 7),
      momentum: 0.75,
    });
    const network = b.build([b.dense('dense', b.flatten('flatten', normalized), { kernel: seededParameter([2, 16], 1) })]);
    const mean = inputs.reduce((sum, x) => sum + x, 0) / inputs.length;
    const variance = inputs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / inputs.length;
    const tuned = await tune({ network, train, epochs: 1 });
    expect(dataOf(tuned, 'bn/mean')[0]).toBeCloseTo(0.75 * 5 + 0.25 * mean, 5);
    expect(dataOf(tuned, 'bn/variance')[0]).toBeCloseTo(0.75 * 7 + 0.25 * variance, 5);
    const frozen = await tune({ network, train, epochs: 1, batchNorm: 'frozen' });
    expect([dataOf(frozen, 'bn/mean')[0], dataOf(frozen, 'bn/variance')[0]]).toEqual([5, 7]);
    expect(dataOf(frozen, 'bn/gamma')[0]).not.toBe(1);
  });

  it('forgets statistics that were only initialized within a few steps', async () => {
    const train = halves(16);
    const b = new NetworkBuilder('norm');
    const normalized = b.batchNorm('bn', b.input([4, 4, 1]), {
      gamma: filled([1], 1),
      beta: filled([1], 0),
      mean: filled([1], 0),
      variance: filled([1], 1),
      momentum: 0.99,
    });
    const network = b.build([b.dense('dense', b.flatten('flatten', normalized), { kernel: seededParameter([2, 16], 1) })]);
    const {
      inputs: [inputs = new Float32Array(0)],
    } = await train.read(Uint32Array.from({ length: 16 }, (_, i) => i));
    const mean = inputs.reduce((sum, x) => sum + x, 0) / inputs.length;
    // One batch over and over: what is left of the start is 1/10, then 2/11 of that, then 3/12 of that.
    const tuned = await tune({ network, train, epochs: 3 });
    expect(dataOf(tuned, 'bn/mean')[0]).toBeCloseTo(mean * (1 - (1 / 10) * (2 / 11) * (3 / 12)), 5);
  });

  it('keeps the statistics of a batch norm whose parameters are frozen', async () => {
    const tuned = await tune({ frozen: new Set(['bn/gamma', 'bn/beta', 'conv/kernel', 'conv/bias']), epochs: 1 });
    const before = { network: smallNetwork() };
    for (const id of ['bn/gamma', 'bn/beta', 'bn/mean', 'bn/variance', 'conv/kernel', 'conv/bias'])
      expect(dataOf(tuned, id)).toEqual(dataOf(before, id));
    expect(dataOf(tuned, 'dense/kernel')).not.toEqual(dataOf(before, 'dense/kernel'));
  });
});
