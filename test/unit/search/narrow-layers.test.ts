import { describe, expect, it } from 'vitest';
import { narrowedChoices } from '../../../src/core/search/narrow-layers.ts';
import type { ChoiceSensitivity, LayerSensitivity } from '../../../src/shared/sensitivity.ts';

const overhead = { raw: 1000, gzip: 1000, packed: 1000, ethosU: 0 };

describe('choices of layers that have lost filters', () => {
  it('keep the divergence of as many weights, in fewer bytes', () => {
    // A quarter of the kernel is left, so 60% zeros of it are 90% of the whole.
    const { layers } = narrowedChoices({ overhead, layers: [dense] }, new Map([['dense', { elements: 250, filters: 5 }]]));
    const found = layers[0]!.choices.find(({ sparsity, clusters }) => sparsity === 0.6 && clusters === 8)!;
    expect(found.divergence).toBeCloseTo(0.4, 12);
    // 250 H(0.4) = 242.7 bits of places and 100 of 7 values, 280.7 bits; deflate takes 1.27 times as much.
    expect(found.bytes.gzip).toBeCloseTo(((242.74 + 280.74) * 1.27) / 8, 1);
    expect(found.bytes.packed).toBeCloseTo((250 + 280.74) / 8, 1);
    expect(found.bytes.raw).toBe(250);
    // The NPU reads a scale and a bias, 10 bytes, for each of 5 filters.
    expect(found.bytes.ethosU).toBeCloseTo((242.74 + 280.74) / 8 + 50, 1);
    expect(found.cycles).toEqual({ cortexM: 1000, ethosU: undefined });
  });

  it('lie between measured ones, the divergence as a power', () => {
    const { layers } = narrowedChoices({ overhead, layers: [dense] }, new Map([['dense', { elements: 300, filters: 6 }]]));
    // 0% zeros of 300 weights are 70% of the whole, half way from 50% to 90%, without places to store.
    const found = layers[0]!.choices.find(({ sparsity }) => sparsity === 0)!;
    expect(found.divergence).toBeCloseTo(Math.sqrt(0.1 * 0.4), 12);
    expect(found.bytes.gzip).toBeCloseTo((300 * 3 * 1.27) / 8, 6);
    // Nothing is known beyond 90% zeros of the whole.
    expect(Math.max(...layers[0]!.choices.map(({ sparsity }) => sparsity))).toBeLessThanOrEqual(2 / 3);
  });

  it('follow from choices of weights alone', () => {
    const rounded = { ...choice(0, 7), activations: 16 as const };
    const narrowed = new Map([['dense', { elements: 900, filters: 18 }]]);
    const [plain, withActivations] = [dense, { ...dense, choices: [...dense.choices, rounded] }].map(
      (layer) => narrowedChoices({ overhead, layers: [layer] }, narrowed).layers[0]!.choices,
    );
    expect(withActivations).toEqual(plain);
  });

  it('have 4 bits where these are asked for, which lose as much as in the whole kernel besides', () => {
    const narrow: ChoiceSensitivity = { ...choice(0, 0), clusters: 0, bits: 4, divergence: 0.05 };
    const any = [choice(0, 0), choice(0.5, 0.1), choice(0.9, 0.4)].map((each) => ({ ...each, clusters: 0 }));
    const layers = [{ ...dense, choices: [...any, narrow] }];
    const fourBits = (asked: boolean) =>
      narrowedChoices({ overhead, layers }, new Map([['dense', { elements: 500, filters: 10 }]]), asked).layers[0]!.choices.filter(
        ({ bits }) => bits === 4,
      );
    expect(fourBits(false)).toEqual([]);
    expect(fourBits(true)).toHaveLength(1);
    // Half of the kernel is left: 0.1 as of 50% zeros.
    expect(fourBits(true)[0]!.divergence).toBeCloseTo(0.15, 12);
    expect(fourBits(true)[0]!.bytes.raw).toBe(250);
  });

  it('leave layers alone that keep their kernels, and take the biases from the overhead', () => {
    const narrowed = narrowedChoices(
      { overhead, layers: [dense, { ...dense, layer: 'last' }] },
      new Map([
        ['dense', { elements: 250, filters: 5 }],
        ['last', { elements: 1000, filters: 20 }],
      ]),
    );
    expect(narrowed.layers[1]!.choices).toEqual(dense.choices);
    expect(narrowed.overhead.gzip).toBe(1000 - 15 * 3);
  });
});

const dense: LayerSensitivity = {
  layer: 'dense',
  operation: 'dense',
  shape: [20, 50],
  elements: 1000,
  macs: 1000,
  fitted: true,
  choices: [choice(0, 0), choice(0.5, 0.1), choice(0.9, 0.4)],
};

function choice(sparsity: number, divergence: number): ChoiceSensitivity {
  const bytes = 1000 * (1 - sparsity);
  return {
    sparsity,
    clusters: 8,
    bits: 8,
    divergence,
    measured: true,
    bytes: { raw: 1000, gzip: bytes, packed: bytes, ethosU: bytes },
    cycles: { cortexM: 4000 },
  };
}
