import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { planFits } from '../../../src/core/sensitivity/plan-measurements.ts';
import { type Kernel, kernelsOf } from '../../../src/core/techniques/kernels.ts';
import { filled } from '../train/training-fixtures.ts';

/** Dense layers of these outputs and inputs, side by side. */
function denseKernels(...shapes: readonly (readonly [number, number])[]): readonly Kernel[] {
  const builder = new NetworkBuilder('wide');
  const network = builder.build(
    shapes.map(([outputs, inputs], index) =>
      builder.dense(`layer${index}`, builder.input([inputs]), { kernel: filled([outputs, inputs], 0) }),
    ),
  );
  return kernelsOf(network);
}

describe('what is fitted and counted closely', () => {
  it('is everything of a small network', () => {
    const kernels = denseKernels([10, 2028], [32, 9]);
    expect(planFits(kernels)).toEqual({ closely: new Set(['layer0/kernel', 'layer1/kernel']), counted: 2 ** 16 });
  });

  it('are the cheapest kernels of a large one, and parts of the others', () => {
    // Outputs times inputs squared: 61 and 33 million are above 75 million together, the smaller comes first.
    const kernels = denseKernels([60, 1010], [128, 512], [1, 8]);
    expect([...planFits(kernels).closely].sort()).toEqual(['layer1/kernel', 'layer2/kernel']);
    // Of seven kernels of 65,536 weights 7 * 16,384 are within 2^17.
    const many = denseKernels(...Array.from({ length: 7 }, () => [256, 256] as const));
    expect(planFits(many).counted).toBe(2 ** 14);
  });
});
