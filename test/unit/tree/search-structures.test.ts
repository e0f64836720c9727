import { describe, expect, it } from 'vitest';
import { chosenTarget } from '../../../src/core/hardware/targets.ts';
import { digitsCnn } from '../../../src/core/models/digits-cnn.ts';
import { SearchStructures } from '../../../src/core/tree/search-structures.ts';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';

const network = digitsCnn({ seed: 1 });
const structures = (rules: readonly LayerRule[] = []): SearchStructures =>
  new SearchStructures({ network, rules, strip: false, target: chosenTarget('cortex-m55', undefined), npu: undefined });
const filters = new Map<string, number>();

describe('files of a search before any trains', () => {
  it('need more RAM with int16 activations, and less without filters', () => {
    const ram = (form?: Parameters<SearchStructures['hardware']>[0]): number => structures().hardware(form)!.ramBytes;
    const whole = ram();
    // The pointwise convolution writes 14x14x32 values.
    expect(ram({ filters, int16: ['pointwise', 'dense'] })).toBeGreaterThan(whole + 14 * 14 * 32);
    expect(
      ram({
        filters: new Map([
          ['conv', 0.5],
          ['pointwise', 0.5],
        ]),
        int16: [],
      }),
    ).toBeLessThan(0.7 * whole);
    expect(
      structures([
        { pattern: 'point*', activations: 'int16' },
        { pattern: 'dense', activations: 'int16' },
      ]).hardware()!.ramBytes,
    ).toBe(ram({ filters, int16: ['pointwise', 'dense'] }));
  });

  it('have int16 where it changes anything', () => {
    // What stands between layers of int8 reads and writes int8 all the same.
    expect(structures().int16Cost(['depthwise'])).toEqual({ layers: [], bytes: { raw: 0, gzip: 0, packed: 0, ethosU: 0 } });
    const pair = structures().int16Cost(['pointwise', 'dense']);
    expect(pair.layers).toEqual(['pointwise', 'dense']);
    // Biases of 42 channels take 8 bytes instead of 4; conversions before and behind come with them.
    expect(pair.bytes.raw).toBeGreaterThan(42 * 4);
    expect(pair.bytes.raw).toBeLessThan(1500);
    expect(structures([{ pattern: 'pointwise', activations: 'int16' }]).int16Cost(['depthwise']).layers).toEqual(['depthwise']);
  });
});
