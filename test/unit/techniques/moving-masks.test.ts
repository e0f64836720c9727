import { describe, expect, it } from 'vitest';
import type { NetworkConstraints, Sparsity } from '../../../src/core/constraints/constraint.ts';
import { movingMasks } from '../../../src/core/techniques/pruning/moving-masks.ts';

const sparsity = (mask: readonly number[], demand?: Sparsity['demand']): Sparsity => ({
  kind: 'sparsity',
  mask: Uint8Array.from(mask),
  demand,
});
const constraints: NetworkConstraints = new Map([['kernel', [sparsity([1, 0, 0, 1])]]]);
const kernels = new Set(['kernel']);

describe('masks that move', () => {
  it('keep as many weights as before, those that contribute most now', () => {
    const weights = new Map([['kernel', Float32Array.of(0.1, -3, 2, 1)]]);
    const masks = (deviations: ReadonlyMap<string, Float32Array>): unknown =>
      movingMasks(constraints, kernels, deviations, 100)?.masks(16, weights).get('kernel');
    expect(masks(new Map())).toEqual(Uint8Array.of(0, 1, 1, 0));
    expect(masks(new Map([['kernel', Float32Array.of(1, 0.1)]]))).toEqual(Uint8Array.of(0, 1, 1, 0));
    expect(masks(new Map([['kernel', Float32Array.of(0.01, 0.5, 0.01, 1)]]))).toEqual(Uint8Array.of(0, 1, 0, 1));
  });

  it('hold for the last 30% of the steps', () => {
    const schedule = movingMasks(constraints, kernels, new Map(), 100);
    expect([16, 64, 65, 80, 96].map((step) => schedule?.due(step))).toEqual([true, true, false, false, false]);
  });

  it.each([
    ['without zeros', sparsity([1, 1, 1, 1])],
    ['of groups', sparsity([1, 0, 0, 1], { kind: 'groups', zeros: 1, group: 2 })],
    ['of blocks', sparsity([1, 0, 0, 1], { kind: 'blocks', zeros: 2, size: [1, 1] })],
  ])('are not those %s', (_, fixed) => {
    expect(movingMasks(new Map([['kernel', [fixed]]]), kernels, new Map(), 100)).toBeUndefined();
  });

  it('are those of the named kernels alone', () => {
    expect(movingMasks(constraints, new Set(), new Map(), 100)).toBeUndefined();
  });
});
