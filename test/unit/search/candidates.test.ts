import { describe, expect, it } from 'vitest';
import { type FileForm, formOf } from '../../../src/core/search/candidate.ts';
import { candidatePath } from '../../../src/core/search/candidate-path.ts';
import { planCandidate, planField } from '../../../src/core/search/candidates.ts';
import type { NarrowLayers } from '../../../src/core/search/narrow-layers.ts';
import { type Style, styles } from '../../../src/core/search/styles.ts';
import { layerChoice } from '../../support/layer-choices.ts';
import type { Bytes, ChoiceSensitivity, LayerSensitivity } from '../../../src/shared/sensitivity.ts';

const overhead = { raw: 100, gzip: 100, packed: 100, ethosU: 0 };
const sizes = { raw: 0, gzip: 0, packed: 0, ethosU: 0 };
/** Of a network whose filters cannot go. */
const keepsFilters: NarrowLayers = () => new Map();
const plainStyle: Style = { name: 'b', training: {}, clustering: { rateWeight: 2 }, narrowing: 0, forFewWeights: false };
const budget = (bytes: number) => [{ count: 'gzip', bytes }] as const;

describe('candidates of a budget', () => {
  const basis = { report: { overhead, layers: [layer('conv', 100), layer('dense', 1000)] }, narrow: keepsFilters };

  it('keep a margin below it, and the correction of sizes that came out larger', () => {
    const [style] = styles;
    const plain = planCandidate(basis, budget(800), style!)!;
    expect(plain.allocation.sizes.gzip).toBeLessThanOrEqual(0.98 * 800);
    const corrected = planCandidate(basis, budget(800), style!, { gzip: 1.25 })!;
    expect(corrected.allocation.sizes.gzip).toBeLessThanOrEqual((0.98 * 800) / 1.25);
    expect(corrected.allocation.divergence).toBeGreaterThan(plain.allocation.divergence);
    expect(planCandidate(basis, budget(120), style!)).toBeUndefined();
  });

  it('differ in settings or training, and leave the teacher alone where the recipe names one', () => {
    const field = planField(basis, budget(600), false);
    expect(new Set(field.map(({ allocation, style }) => JSON.stringify([allocation.choices, style.training, style.clustering]))).size).toBe(
      field.length,
    );
    expect(field.length).toBeGreaterThan(2);
    expect(planField(basis, budget(600), true).every(({ style }) => style.training.distillation === undefined)).toBe(true);
  });

  it('begin with the styles for few weights where many are zeros', () => {
    const styleNames = (bytes: number) => planField(basis, budget(bytes), false).map(({ style }) => style.name);
    const few = new Set(styles.filter(({ forFewWeights }) => forFewWeights).map(({ name }) => name));
    expect(styleNames(900)[0]).toBe('a');
    expect(few.has(styleNames(150)[0]!)).toBe(true);
  });

  it('become the stages that preserve each other, with rules for every layer', () => {
    const candidate = {
      style: { ...plainStyle, training: { distillation: true } },
      allocation: {
        count: 'gzip',
        choices: [
          { layer: 'conv', choice: { sparsity: 0, clusters: 8, bits: 8 } },
          { layer: 'dense', choice: { sparsity: 0.9, clusters: 16, bits: 8 } },
        ],
        divergence: 0,
        sizes,
      },
    } as const;
    const { techniques, node } = candidatePath(candidate, 1200, { batchSize: 32 }, '1b-1200');
    expect(node).toBe('pruned-1b-1200/clustered/pcqat');
    expect(techniques.pruning).toMatchObject({
      name: '1b-1200',
      steps: 600,
      batchSize: 32,
      distillation: true,
      layers: [
        { pattern: 'conv', exclude: ['pruning'] },
        { pattern: 'dense', sparsity: 0.9 },
      ],
    });
    expect(techniques.sparsityPreservingClustering).toMatchObject({
      steps: 400,
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

  it('remove filters where few weights are left, which leaves more of them within the same bytes', () => {
    const layers = [compressed('conv'), compressed('dense')];
    const half: NarrowLayers = (parts) =>
      new Map(
        layers.map(({ layer: name, elements }) =>
          // The last layer loses inputs, but no filters.
          parts.has(name) ? [name, { elements: elements / 4, filters: name === 'dense' ? 4 : 2 }] : [name, { elements, filters: 4 }],
        ),
      );
    const style: Style = { ...plainStyle, narrowing: 0.5 };
    const whole = planCandidate({ report: { overhead, layers }, narrow: half }, budget(2000), plainStyle)!;
    const candidate = planCandidate({ report: { overhead, layers }, narrow: half }, budget(2000), style)!;
    const left = ({ allocation }: typeof whole, elements: number): number =>
      allocation.choices.reduce((sum, { choice }) => sum + (1 - choice.sparsity) * elements, 0);
    expect(left(candidate, 2500)).toBeGreaterThan(1.1 * left(whole, 10_000));
    const { techniques } = candidatePath(candidate, 600, {});
    const [{ choice: first }] = whole.allocation.choices as [(typeof whole.allocation.choices)[0]];
    expect(techniques.pruning).toMatchObject({
      layers: [{ pattern: 'conv', filters: Math.round((1 - Math.sqrt(1 - first.sparsity)) * 1e4) / 1e4 }, { pattern: 'dense' }],
    });
    expect(JSON.stringify(techniques.pruning).match(/"filters"/g)).toHaveLength(1);
    // Nothing changes where no filter can go.
    expect(planCandidate({ report: { overhead, layers }, narrow: keepsFilters }, budget(2000), style)!.allocation).toEqual(
      whole.allocation,
    );
  });

  it('move masks only where there are zeros, and leave the rate to the recipe where it gives one', () => {
    const candidate = (sparsity: number) => ({
      style: { ...plainStyle, clustering: { rateWeight: 0, movingMasks: true, learningRate: 5e-4 } },
      allocation: {
        count: 'gzip' as const,
        choices: [{ layer: 'dense', choice: { sparsity, clusters: 8, bits: 8 as const } }],
        divergence: 0,
        sizes,
      },
    });
    expect(candidatePath(candidate(0.5), 600, {}).techniques.sparsityPreservingClustering).toMatchObject({
      rateWeight: 0,
      movingMasks: true,
      learningRate: 5e-4,
    });
    expect(candidatePath(candidate(0), 600, {}).techniques.clustering).not.toHaveProperty('movingMasks');
    expect(candidatePath(candidate(0.5), 600, { learningRate: 1e-3 }).techniques.sparsityPreservingClustering).toMatchObject({
      learningRate: 1e-3,
    });
  });

  it('keep bytes of the plain file by 4 bits, which the last stage gives to single layers', () => {
    const plain = {
      report: { overhead, layers: [layer('conv', 100), layer('dense', 1000)].map((each) => withFourBits(each)) },
      narrow: keepsFilters,
    };
    const candidate = planCandidate(plain, [{ count: 'raw', bytes: 760 }], styles[0]!)!;
    // 100 + 100 + 500, below 98% of the budget; 4 bits of the small layer alone are not enough.
    expect(candidate.allocation.sizes.raw).toBe(700);
    const { techniques, node } = candidatePath(candidate, 600, {});
    expect(node).toBe('qat');
    expect(techniques.qat).toEqual({ layers: [{ pattern: 'dense', bits: 4 }], steps: 600 });
    expect(planCandidate(plain, [{ count: 'raw', bytes: 640 }], styles[0]!)).toBeUndefined();
  });

  it('keep bytes of the plain file by fewer filters of all layers too, where that loses less than 4 bits', () => {
    const layers = [compressed('conv'), compressed('dense')].map((each) =>
      withFourBits({ ...each, choices: each.choices.map((one) => ({ ...one, clusters: 0 })) }, 1),
    );
    // The last layer keeps its filters, and loses inputs.
    const narrow: NarrowLayers = (parts) =>
      new Map(
        layers.map(({ layer: name, elements }) => {
          const part = parts.get(name) ?? 0;
          return [name, { elements: elements * (1 - part), filters: name === 'dense' || part === 0 ? 4 : 3 }];
        }),
      );
    const style: Style = { ...plainStyle, narrowing: 1 / 3 };
    const planned = (each: Style) => planCandidate({ report: { overhead, layers }, narrow }, [{ count: 'raw', bytes: 12_000 }], each)!;
    expect(planned(plainStyle).allocation.choices.some(({ choice }) => choice.bits === 4)).toBe(true);
    const { allocation } = planned(style);
    expect(allocation.sizes.raw).toBeLessThanOrEqual(0.98 * 12_000);
    expect(allocation.divergence).toBeLessThan(planned(plainStyle).allocation.divergence);
    const { techniques, node } = candidatePath(planned(style), 600, {});
    expect(node).toBe('pruned/pqat');
    // 8 bits of 58% of the weights would be 11,700 bytes; half of them stay.
    expect(techniques.pruning).toMatchObject({
      layers: [
        { pattern: 'conv', filters: 0.5, sparsity: 0 },
        { pattern: 'dense', exclude: ['pruning'] },
      ],
    });
  });

  it('remove no filters of layers that may not be pruned, where a limit or the plain file asks for fewer', () => {
    const whole = layer('fixed', 1000);
    const fixed = withFourBits({ ...whole, choices: whole.choices.filter(({ sparsity }) => sparsity === 0) });
    const report = { overhead, layers: [fixed, withFourBits(layer('dense', 1000), 1)] };
    const narrow: NarrowLayers = (parts) => new Map([...parts].map(([name, part]) => [name, { elements: 1000 * (1 - part), filters: 2 }]));
    const style: Style = { ...plainStyle, narrowing: 1 / 3 };
    const limited = { report, narrow, keeps: ({ filters }: FileForm) => (filters.get('dense') ?? 0) >= 0.3 };
    const narrowed = [
      planCandidate(limited, budget(4000), style)!,
      planCandidate({ report, narrow }, [{ count: 'raw', bytes: 1500 }], style)!,
    ];
    for (const { allocation } of narrowed) expect([...formOf(allocation).filters.keys()]).toEqual(['dense']);
    expect(formOf(narrowed[0]!.allocation).filters.get('dense')).toBe(0.3);
  });

  it('keep two sizes at once, each by what it is corrected by', () => {
    // Plain bytes fall by 4 bits alone, and those after gzip by zeros and values alone: one layer has to serve each.
    const both = {
      report: { overhead, layers: [layer('conv', 1000), layer('dense', 1000)].map((each) => withFourBits(each)) },
      narrow: keepsFilters,
    };
    const sizesOf = (corrections: Partial<Bytes>) =>
      planCandidate(
        both,
        [
          { count: 'gzip', bytes: 1500 },
          { count: 'raw', bytes: 1700 },
        ],
        styles[0]!,
        corrections,
      )!.allocation.sizes;
    expect(sizesOf({}).raw).toBe(1600);
    expect(sizesOf({}).gzip).toBeLessThanOrEqual(0.98 * 1500);
    const corrected = sizesOf({ gzip: 1.25 });
    expect(corrected.raw).toBe(1600);
    expect(corrected.gzip).toBeLessThanOrEqual((0.98 * 1500) / 1.25);
  });

  it('shape values for the form whose bytes are short', () => {
    const candidate = planCandidate(basis, [{ count: 'packed', bytes: 500 }], { ...plainStyle, allows: ({ clusters }) => clusters > 0 })!;
    const clusterings = (['packed', 'ethosU', 'gzip'] as const).map(
      (count) => candidatePath({ ...candidate, allocation: { ...candidate.allocation, count } }, 600, {}).techniques.clustering,
    );
    expect(candidate.allocation.count).toBe('packed');
    expect(
      clusterings.map((options) => (options === false || options === undefined || 'length' in options ? options : options.sizeOf)),
    ).toEqual(['packed', 'ethos-u', undefined]);
  });

  it('have rules that hold for the layers of these names alone', () => {
    const choices = ['a*', 'ab'].map((name, index) => ({
      layer: name,
      choice: { sparsity: 0.5 + 0.4 * index, clusters: 0, bits: 8 as const },
    }));
    const candidate = { style: plainStyle, allocation: { count: 'gzip' as const, choices: choices.toReversed(), divergence: 0, sizes } };
    expect(candidatePath(candidate, 600, {}).techniques.pruning).toMatchObject({
      layers: [
        { pattern: 'ab', sparsity: 0.9 },
        // Without the backslash it would be the last that matches both.
        { pattern: 'a\\*', sparsity: 0.5 },
      ],
    });
  });

  it('leave out stages that no layer takes part in', () => {
    const only = (sparsity: number, clusters: number) =>
      candidatePath(
        {
          style: styles[0]!,
          allocation: { count: 'gzip', choices: [{ layer: 'dense', choice: { sparsity, clusters, bits: 8 } }], divergence: 0, sizes },
        },
        600,
        {},
      ).node;
    expect(only(0.5, 0)).toBe('pruned/pqat');
    expect(only(0, 16)).toBe('clustered/cqat');
    expect(only(0, 0)).toBe('qat');
  });
});

function withFourBits(whole: LayerSensitivity, divergence = 0.1): LayerSensitivity {
  const bytes = { raw: whole.elements / 2, gzip: whole.elements, packed: whole.elements, ethosU: whole.elements };
  const narrow: ChoiceSensitivity = { sparsity: 0, clusters: 0, bits: 4, divergence, measured: true, bytes, cycles: {} };
  return { ...whole, choices: [...whole.choices, narrow] };
}

/** 10,000 weights whose bytes are the entropy of places and values. */
function compressed(name: string): LayerSensitivity {
  const elements = 10_000;
  const whole = layer(name, elements);
  const choices = [0.5, 0.8, 0.9, 0.95, 0.98].map((sparsity): ChoiceSensitivity => {
    const kept = 1 - sparsity;
    const places = -kept * Math.log2(kept) - sparsity * Math.log2(sparsity);
    const bytes = (1.27 * elements * (places + kept * Math.log2(7))) / 8;
    return {
      sparsity,
      clusters: 8,
      bits: 8,
      divergence: sparsity ** 8,
      measured: true,
      bytes: { raw: elements, gzip: bytes, packed: bytes, ethosU: bytes },
      cycles: {},
    };
  });
  return { ...whole, choices };
}

function layer(name: string, elements: number): LayerSensitivity {
  const choices = [0, 0.5, 0.9].flatMap((sparsity) => [0, 16, 8].map((clusters) => layerChoice(elements, sparsity, clusters)));
  return { layer: name, operation: 'dense', shape: [4, elements / 4], elements, macs: elements, fitted: true, choices };
}
