import { describe, expect, it } from 'vitest';
import type { Constraints } from '../../../../src/core/constraints/constraint.ts';
import { line, smallNetwork } from '../training-fixtures.ts';
import { dataOf, tune } from './tune.ts';

describe('constraints', () => {
  const mask = Uint8Array.from({ length: 96 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const sparse: Constraints = [{ kind: 'sparsity', mask }];

  it('holds masked weights at exactly zero while the others learn', async () => {
    const tuned = await tune({ constraints: new Map([['dense/kernel', sparse]]) });
    const before = dataOf({ network: smallNetwork() }, 'dense/kernel');
    dataOf(tuned, 'dense/kernel').forEach((weight, i) => (mask[i] === 0 ? expect(weight).toBe(0) : expect(weight).not.toBe(before[i])));
  });

  it('ends with weights on the codebook that it reports, and on the grid', async () => {
    const codebook = {
      kind: 'codebook',
      granularity: { kind: 'tensor' },
      centroids: Float32Array.of(-0.4, 0, 0.4),
      clusters: 3,
      zeroPinned: true,
    } as const;
    const grid = { kind: 'integerGrid', granularity: { kind: 'tensor' }, scales: Float32Array.of(0.01) } as const;
    const tuned = await tune({ constraints: new Map<string, Constraints>([['dense/kernel', [...sparse, codebook, grid]]]) });
    const final = tuned.constraints.get('dense/kernel')!;
    const learned = final.find((constraint) => constraint.kind === 'codebook')!;
    const scale = final.find((constraint) => constraint.kind === 'integerGrid')!.scales[0]!;
    expect(learned.centroids).not.toEqual(codebook.centroids);
    const values = new Set(dataOf(tuned, 'dense/kernel'));
    expect(values.size).toBeLessThanOrEqual(3);
    for (const value of values) expect(value / scale).toBeCloseTo(Math.round(value / scale), 3);
    dataOf(tuned, 'dense/kernel').forEach((weight, i) => mask[i] === 0 && expect(weight).toBe(0));
  });

  it('recomputes masks before the steps that are due; a pruned weight moves by one step and may come back', async () => {
    const seen: number[][] = [];
    const masks = [Uint8Array.of(0, 1), Uint8Array.of(1, 0)];
    const tuned = await tune({
      ...line([1, 2]),
      steps: 3,
      constraints: new Map([['dense/kernel', [{ kind: 'sparsity', mask: Uint8Array.of(1, 1) }]]]),
      maskSchedule: {
        due: (step) => step < 3,
        masks: (step, current) => {
          seen.push([...current.get('dense/kernel')!]);
          return new Map([['dense/kernel', masks[step - 1]!]]);
        },
      },
    });
    // Step 1 with mask [0, 1]: w = [0, 2], gradient 4 in both places -> [-0.4, 1.6].
    expect(seen[0]).toEqual([1, 2]);
    expect(seen[1]).toEqual([expect.closeTo(-0.4, 6), expect.closeTo(1.6, 6)]);
    // Step 2 with [1, 0]: w = [-0.4, 0], gradient -0.8 -> [-0.32, 0.08]; step 3 -> [-0.256, …], masked in the result.
    expect([...dataOf(tuned, 'dense/kernel')]).toEqual([expect.closeTo(-0.256, 6), 0]);
    expect(tuned.constraints.get('dense/kernel')).toEqual([{ kind: 'sparsity', mask: Uint8Array.of(1, 0) }]);
  });
});
