/** What a budget's candidates are before any is trained. */
import { describe, expect, it } from 'vitest';
import type { FileForm } from '../../../src/core/search/candidate.ts';
import { formOf } from '../../../src/core/search/candidate.ts';
import { planContest } from '../../../src/core/tree/contest.ts';
import type { Structures } from '../../../src/core/tree/search-support.ts';
import type { Targets } from '../../../src/shared/recipe/targets.ts';
import type { HardwareFigures } from '../../../src/shared/results.ts';
import type { ChoiceSensitivity } from '../../../src/shared/sensitivity.ts';
import { simulatedOutcome } from '../../support/simulated-run.ts';
import { basis } from './run-recipe/search-fixtures.ts';

const [layer] = basis.sensitivity.layers;
const [whole] = layer?.choices ?? [];
if (layer === undefined || whole === undefined) throw new Error('the basis has no choice');
const rounded = ([8, 16] as const).map((activations): ChoiceSensitivity => ({
  ...whole,
  activations,
  divergence: activations === 8 ? 0.2 : 0,
}));
const sensitivity = { ...basis.sensitivity, layers: [{ ...layer, shape: [4, 250], choices: [...layer.choices, ...rounded] }] };

const figures = (ramBytes: number): HardwareFigures => ({ ramBytes, flashBytes: 10, macs: 10 });
/** 1,000 bytes of RAM, as many more with int16, and fewer without filters. */
const structures: Structures = {
  narrow: (parts) => new Map(parts.size === 0 ? [] : [['dense', { elements: 500, filters: 2 }]]),
  hardware: ({ filters, int16 }: FileForm = { filters: new Map(), int16: [] }) =>
    figures(Math.round(1000 * (1 - (filters.get('dense') ?? 0))) + 1000 * int16.length),
  int16Cost: (layers) => ({ layers, bytes: { raw: 0, gzip: 0, packed: 0, ethosU: 0 } }),
};
const contest = (budget: Targets, given = structures) =>
  planContest(budget, 1, [{ candidates: 8, steps: 600 }], {
    recipe: {},
    structures: given,
    sensitivity,
    baseline: simulatedOutcome.metrics,
  });
const int16 = (budget: Targets): boolean =>
  contest({ compressedBytes: 2000, ...budget }).field.some(({ allocation }) => formOf(allocation).int16.length > 0);

describe('int16 activations', () => {
  it('are for a limited loss that they may spoil', () => {
    expect(int16({ accuracyDrop: 0.2 })).toBe(true);
    expect(int16({})).toBe(false);
    // sqrt(0.2 / 2) is 0.32.
    expect(int16({ accuracyDrop: 0.4 })).toBe(false);
  });

  it('are not for limits of time or of RAM that they would exceed', () => {
    expect(int16({ accuracyDrop: 0.2, cycles: 1e6 })).toBe(false);
    expect(int16({ accuracyDrop: 0.2, latencyMilliseconds: 1 })).toBe(false);
    expect(int16({ accuracyDrop: 0.2, ramBytes: 1999 })).toBe(false);
    expect(int16({ accuracyDrop: 0.2, ramBytes: 2000 })).toBe(true);
  });
});

describe('a limit of RAM', () => {
  it('leaves the candidates whose filters are few enough', () => {
    const all = contest({ compressedBytes: 250 }).field;
    const narrow = contest({ compressedBytes: 250, ramBytes: 999 }).field;
    expect(narrow.length).toBeGreaterThan(0);
    expect(narrow.length).toBeLessThan(all.length);
    expect(narrow.every(({ allocation }) => formOf(allocation).filters.size > 0)).toBe(true);
  });

  it('removes filters of all layers alike where the bytes alone would not', () => {
    // Nothing is narrowed for so many bytes: 0.3 is the least part of which 750 bytes of RAM are left.
    expect(contest({ compressedBytes: 2000 }).field.some(({ allocation }) => formOf(allocation).filters.size > 0)).toBe(false);
    const forms = contest({ compressedBytes: 2000, ramBytes: 750 }).field.map(({ allocation }) => formOf(allocation).filters.get('dense'));
    expect(new Set(forms)).toEqual(new Set([0.3]));
  });

  it('is refused where no candidate keeps it, with what the narrowest needs', () => {
    expect(() => contest({ compressedBytes: 2000, ramBytes: 100 })).toThrow(
      'RAM of 100 is not possible: the narrowest file that the search would try takes 300; allow at least 300',
    );
    const fixed = { ...structures, narrow: () => new Map() };
    expect(() => contest({ compressedBytes: 2000, ramBytes: 999 }, fixed)).toThrow(
      'an int8 file of this model with all of its filters takes 1000; allow at least 1000',
    );
  });
});
