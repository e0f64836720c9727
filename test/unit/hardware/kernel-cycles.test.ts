import { describe, expect, it } from 'vitest';
import { kernelCycles } from '../../../src/core/hardware/kernel-cycles.ts';
import { parseTarget } from '../../../src/core/hardware/targets.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { integerStructure } from '../../../src/core/tree/operations/integer-structure.ts';
import { seededParameter } from '../train/training-fixtures.ts';

const builder = new NetworkBuilder('dense');
const file = integerStructure(
  builder.build([
    builder.dense('head', builder.flatten('flatten', builder.input([4, 507, 1])), { kernel: seededParameter([10, 2028], 3) }),
  ]),
);
const whole = { kernel: 'head/kernel', bits: 8, streamBytes: 19_680, activationBits: 8 } as const;

describe('cycles of a changed kernel', () => {
  const cyclesOf = kernelCycles(file, parseTarget('cortex-m55+ethos-u55-128'));

  it('are the same for any weights on a core', () => {
    // 20,280 multiply-accumulates of 0.84 cycles, 10 outputs of 16.8.
    for (const changed of [whole, { ...whole, streamBytes: 100 }, { ...whole, bits: 4 as const }])
      expect(cyclesOf(changed).cortexM).toBeCloseTo(20_280 * 0.84 + 10 * 16.8, 6);
    expect(cyclesOf({ ...whole, activationBits: 16 }).cortexM).toBeUndefined();
  });

  it('fall with the bytes that an NPU waits for, until it waits no longer', () => {
    // A dense layer reads each weight once, at 8 * 0.234375 bytes a cycle: scales and biases fill 112 bytes.
    expect(cyclesOf(whole).ethosU).toBeCloseTo((19_680 + 112) / 1.875, 6);
    expect(cyclesOf({ ...whole, streamBytes: 15_000 }).ethosU).toBeCloseTo((15_000 + 112) / 1.875, 6);
    const [few, fewest] = [2000, 1000].map((streamBytes) => cyclesOf({ ...whole, streamBytes }).ethosU);
    expect(few).toBe(fewest);
    expect(few).toBeGreaterThan((2000 + 112) / 1.875);
  });

  it('are not known where the NPU does not run the layer, or the target has none', () => {
    expect(cyclesOf({ ...whole, bits: 4 }).ethosU).toBeUndefined();
    expect(kernelCycles(file, parseTarget('cortex-m4'))(whole)).toEqual({ cortexM: 20_280 * 3.7 + 10 * 10, ethosU: undefined });
    expect(cyclesOf({ ...whole, kernel: 'another' })).toEqual({ cortexM: undefined, ethosU: undefined });
  });
});
