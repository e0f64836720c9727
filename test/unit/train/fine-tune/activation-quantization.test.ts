import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import { line, memoryDataSet } from '../training-fixtures.ts';
import { dataOf, tune } from './tune.ts';

describe('activation fake quantization', () => {
  const b = new NetworkBuilder('quantized');
  const network = b.build([b.dense('dense', b.input([2]), { kernel: { shape: [1, 2], data: Float32Array.of(1, 1) } })]);
  const train = memoryDataSet([2], { kind: 'regression', size: 1 }, Float32Array.of(0.5, 3), new Int32Array(0), Float32Array.of(0));
  const quantized = { ...line([1]), network, train };

  it('rounds to the nudged codes and passes gradients inside the range only', async () => {
    // [-0.9, 1] nudges to the codes -121 to 134 (zero point round(-128 + 0.9 * 255 / 1.9) = -7), [-2, 4] to -85 to 170.
    // 3 is clipped to the end of its range, and its weight still learns from that.
    const ranges = new Map([
      ['input', { minimum: -0.9, maximum: 1 }],
      ['dense', { minimum: -2, maximum: 4 }],
    ]);
    const tuned = await tune({ ...quantized, activations: { ranges, freezeAfterStep: 0, decay: 0.999 } });
    const step = 1.9 / 255;
    const [x, clipped] = [Math.round(0.5 / step) * step, 134 * step];
    const output = Math.round((x + clipped) / (6 / 255)) * (6 / 255);
    const gradient = 2 * output;
    expect(dataOf(tuned, 'dense/kernel')[0]).toBeCloseTo(1 - 0.1 * gradient * x, 5);
    expect(dataOf(tuned, 'dense/kernel')[1]).toBeCloseTo(1 - 0.1 * gradient * clipped, 5);
    expect([...tuned.ranges.keys()]).toEqual([...ranges.keys()]);
    for (const [id, { minimum, maximum }] of tuned.ranges)
      expect([minimum, maximum]).toEqual([Math.fround(ranges.get(id)!.minimum), maximum]);
    const outside = await tune({
      ...quantized,
      activations: { ranges: new Map([['dense', { minimum: -1, maximum: 1 }]]), freezeAfterStep: 0, decay: 0.999 },
    });
    expect([...dataOf(outside, 'dense/kernel')]).toEqual([1, 1]);
  });

  it('moves ranges by one minus the decay towards what it sees, zero included, until they freeze', async () => {
    const ranges = new Map([['input', { minimum: -1, maximum: 1 }]]);
    const tuned = await tune({ ...quantized, steps: 3, activations: { ranges, freezeAfterStep: 2, decay: 0.9 } });
    const { minimum, maximum } = tuned.ranges.get('input')!;
    expect(minimum).toBeCloseTo(-0.81, 6);
    expect(maximum).toBeCloseTo(0.9 * (0.9 + 0.3) + 0.3, 6);
  });
});
