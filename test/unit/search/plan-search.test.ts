import { describe, expect, it } from 'vitest';
import { candidatePath, fewestSteps, planCandidate, planField, planRungs, styles } from '../../../src/core/search/plan-search.ts';
import type { ChoiceSensitivity, LayerSensitivity } from '../../../src/shared/sensitivity.ts';

const overhead = { raw: 100, gzip: 100, packed: 100, ethosU: 0 };
const budget = (bytes: number) => [{ count: 'gzip', bytes }] as const;

describe('rounds of a search', () => {
  it('take the same number of steps each, with as many candidates as the steps allow', () => {
    expect(planRungs(12 * fewestSteps)).toEqual([
      { candidates: 4, steps: fewestSteps },
      { candidates: 2, steps: 2 * fewestSteps },
      { candidates: 1, steps: 4 * fewestSteps },
    ]);
    expect(planRungs(fewestSteps)).toEqual([{ candidates: 1, steps: fewestSteps }]);
    expect(planRungs(fewestSteps - 1)).toBeUndefined();
    for (let steps = fewestSteps; steps < 100 * fewestSteps; steps += 777) {
      const rungs = planRungs(steps)!;
      expect(rungs.reduce((sum, rung) => sum + rung.candidates * rung.steps, 0)).toBeLessThanOrEqual(steps);
    }
  });
});

describe('candidates of a budget', () => {
  const report = { overhead, layers: [layer('conv', 100), layer('dense', 1000)] };

  it('keep a margin below it, and the correction of sizes that came out larger', () => {
    const [style] = styles;
    const plain = planCandidate(report, budget(800), style!)!;
    expect(plain.allocation.bytes).toBeLessThanOrEqual(0.98 * 800);
    const corrected = planCandidate(report, budget(800), style!, 1.25)!;
    expect(corrected.allocation.bytes).toBeLessThanOrEqual((0.98 * 800) / 1.25);
    expect(corrected.allocation.divergence).toBeGreaterThan(plain.allocation.divergence);
    expect(planCandidate(report, budget(120), style!)).toBeUndefined();
  });

  it('differ in settings or training, and leave the teacher alone where the recipe names one', () => {
    const field = planField(report, budget(600), 6, false);
    expect(new Set(field.map(({ allocation, style }) => JSON.stringify([allocation.choices, style.training]))).size).toBe(field.length);
    expect(field.length).toBeGreaterThan(2);
    expect(planField(report, budget(600), 6, true).every(({ style }) => style.training.distillation === undefined)).toBe(true);
    expect(planField(report, budget(600), 2, false)).toHaveLength(2);
  });

  it('become the stages that preserve each other, with rules for every layer', () => {
    const candidate = {
      style: { name: 'b', training: { distillation: true } },
      count: 'gzip',
      allocation: {
        choices: [
          { layer: 'conv', choice: { sparsity: 0, clusters: 8, bits: 8 } },
          { layer: 'dense', choice: { sparsity: 0.9, clusters: 16, bits: 8 } },
        ],
        divergence: 0,
        bytes: 0,
      },
    } as const;
    const { techniques, node } = candidatePath(candidate, 800, { batchSize: 32 }, '1b-800');
    expect(node).toBe('pruned-1b-800/clustered/pcqat');
    expect(techniques.pruning).toMatchObject({
      name: '1b-800',
      steps: 400,
      batchSize: 32,
      distillation: true,
      layers: [
        { pattern: 'conv', exclude: ['pruning'] },
        { pattern: 'dense', sparsity: 0.9 },
      ],
    });
    expect(techniques.sparsityPreservingClustering).toMatchObject({
      steps: 200,
      layers: [
        { pattern: 'conv', clusters: 8 },
        { pattern: 'dense', clusters: 16 },
      ],
    });
    expect(techniques.pcqat).toEqual({ steps: 200, batchSize: 32, distillation: true });
    expect(techniques.clustering).toBe(false);
    // Without a name it is the path of a plain recipe.
    expect(candidatePath(candidate, 800, {}).node).toBe('pruned/clustered/pcqat');
  });

  it('keep bytes of the plain file by 4 bits, which the last stage gives to single layers', () => {
    const plain = { overhead, layers: [layer('conv', 100), layer('dense', 1000)].map(withFourBits) };
    const candidate = planCandidate(plain, [{ count: 'raw', bytes: 760 }], styles[0]!)!;
    // 100 + 100 + 500, below 98% of the budget; 4 bits of the small layer alone are not enough.
    expect(candidate.allocation.bytes).toBe(700);
    const { techniques, node } = candidatePath(candidate, 600, {});
    expect(node).toBe('qat');
    expect(techniques.qat).toEqual({ layers: [{ pattern: 'dense', bits: 4 }], steps: 600 });
    expect(planCandidate(plain, [{ count: 'raw', bytes: 640 }], styles[0]!)).toBeUndefined();
  });

  it('shape values for the form whose bytes are short', () => {
    const candidate = planCandidate(report, [{ count: 'packed', bytes: 500 }], styles[2]!)!;
    const clusterings = [candidate, { ...candidate, count: 'ethosU' as const }, { ...candidate, count: 'gzip' as const }].map(
      (each) => candidatePath(each, 600, {}).techniques.clustering,
    );
    expect(
      clusterings.map((options) => (options === false || options === undefined || 'length' in options ? options : options.sizeOf)),
    ).toEqual(['packed', 'ethos-u', undefined]);
  });

  it('leave out stages that no layer takes part in', () => {
    const only = (sparsity: number, clusters: number) =>
      candidatePath(
        {
          style: styles[0]!,
          count: 'gzip',
          allocation: { choices: [{ layer: 'dense', choice: { sparsity, clusters, bits: 8 } }], divergence: 0, bytes: 0 },
        },
        600,
        {},
      ).node;
    expect(only(0.5, 0)).toBe('pruned/pqat');
    expect(only(0, 16)).toBe('clustered/cqat');
    expect(only(0, 0)).toBe('qat');
  });
});

function withFourBits(whole: LayerSensitivity): LayerSensitivity {
  const bytes = { raw: whole.elements / 2, gzip: whole.elements, packed: whole.elements, ethosU: whole.elements };
  const narrow: ChoiceSensitivity = { sparsity: 0, clusters: 0, bits: 4, divergence: 0.1, measured: true, bytes, cycles: {} };
  return { ...whole, choices: [...whole.choices, narrow] };
}

/** Half of the bytes go with half of the weights, and a quarter remains with 16 values. */
function layer(name: string, elements: number): LayerSensitivity {
  const choice = (sparsity: number, clusters: number): ChoiceSensitivity => {
    const bytes = elements * (1 - sparsity) * (clusters === 0 ? 1 : clusters / 32);
    return {
      sparsity,
      clusters,
      bits: 8,
      divergence: sparsity ** 2 + (clusters === 0 ? 0 : 1 / clusters),
      measured: true,
      bytes: { raw: elements, gzip: bytes, packed: bytes, ethosU: bytes },
      cycles: {},
    };
  };
  const choices = [0, 0.5, 0.9].flatMap((sparsity) => [0, 16, 8].map((clusters) => choice(sparsity, clusters)));
  return { layer: name, operation: 'dense', shape: [1, elements], elements, macs: elements, fitted: true, choices };
}
