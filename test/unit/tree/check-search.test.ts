import { describe, expect, it } from 'vitest';
import { checkSizes } from '../../../src/core/tree/check-search.ts';

const bytes = { raw: 1000, gzip: 500, packed: 400, ethosU: 300 };
const choice = { sparsity: 0.9, clusters: 0, bits: 8, divergence: 1, measured: true, bytes, cycles: {} } as const;
const layer = { layer: 'dense', operation: 'dense', shape: [1, 1000], elements: 1000, macs: 1000, fitted: true, choices: [choice] };
const sensitivity = { overhead: { raw: 100, gzip: 100, packed: 100, ethosU: 0 }, layers: [layer] };

describe('a budget of the bytes that an Ethos-U reads', () => {
  const check = (ethosUBytes: number, hardware?: Parameters<typeof checkSizes>[2]) => (): void => {
    checkSizes([{ ethosUBytes }], sensitivity, hardware);
  };
  const figures = { ramBytes: 1, flashBytes: 1, macs: 1 };

  it('is refused where the NPU runs no layer, but not where the file could not be profiled', () => {
    expect(check(400, { ...figures, ethosUBytes: 0 })).toThrow('an Ethos-U runs no layer of this model');
    expect(check(400, figures)).toThrow('an Ethos-U runs no layer of this model');
    expect(check(400, { ...figures, ethosUBytes: 900 })).not.toThrow();
    expect(check(400)).not.toThrow();
  });

  it('is held against the strongest settings without a profile too', () => {
    expect(check(200)).toThrow('with the strongest setting of every layer they take about 300');
  });
});
