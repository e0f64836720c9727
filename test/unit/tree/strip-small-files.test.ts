import { describe, expect, it } from 'vitest';
import type { RecipeDocument } from '../../../src/core/tree/recipe/recipe-document.ts';
import { stripSmallFiles } from '../../../src/core/tree/recipe/strip-small-files.ts';
import type { Targets } from '../../../src/shared/recipe/targets.ts';

const search = (...budgets: Targets[]): RecipeDocument => ({ model: 'net.h5', strategy: { kind: 'pareto', steps: 2000, budgets } });
const strips = (recipe: RecipeDocument): boolean | undefined => stripSmallFiles(recipe).deploy?.strip;

describe('names and metadata of small files', () => {
  it('are left out where a budget of a search is at most 20 kB, in any size', () => {
    expect(strips(search({ compressedBytes: 3500 }))).toBe(true);
    expect(strips(search({ compressedBytes: 60_000 }, { packedBytes: 20_000 }))).toBe(true);
    expect(strips({ model: 'net.h5', strategy: { kind: 'pareto', steps: 2000 }, targets: { fileBytes: 15_000 } })).toBe(true);
  });

  it('stay in larger ones, outside of a search, and where the recipe says so', () => {
    expect(strips(search({ compressedBytes: 20_001 }, { ramBytes: 10_000 }))).toBeUndefined();
    expect(strips({ model: 'net.h5', targets: { compressedBytes: 3500 } })).toBeUndefined();
    expect(strips({ ...search({ compressedBytes: 3500 }), deploy: { strip: false } })).toBe(false);
  });

  it('leaves everything else of the recipe', () => {
    const recipe = { ...search({ compressedBytes: 3500 }), deploy: { pack: 'fast' } } as const;
    expect(stripSmallFiles(recipe)).toEqual({ ...recipe, deploy: { pack: 'fast', strip: true } });
  });
});
