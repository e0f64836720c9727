import { describe, expect, it } from 'vitest';
import { findPlace, modelName, outlineRecipe, targetsIn } from '../../../src/extension/workspace/recipe-document.ts';

describe('the outline of a recipe', () => {
  it('knows where the models, techniques and targets stand', () => {
    const text = `{
  // a comment
  "models": [{ "path": "a/net.keras" }, { "name": "two", "path": "b/model.json" }],
  "targets": { "accuracyDrop": 0.01, "compressedBytes": 20000, },
  "techniques": { "pruning": { "sparsity": 0.5 }, "cqat": false }
}`;
    const outline = outlineRecipe(text);
    expect(outline.models.map(({ name, path }) => [name, path])).toEqual([
      ['net', 'a/net.keras'],
      ['two', 'b/model.json'],
    ]);
    expect(outline.techniques.map(({ key, offset, length }) => [key, text.slice(offset, offset + length)])).toEqual([
      ['pruning', '"pruning": { "sparsity": 0.5 }'],
      ['cqat', '"cqat": false'],
    ]);
    expect(targetsIn(outline)).toEqual({ accuracyDrop: 0.01, compressedBytes: 20_000 });
  });

  it.each(['', '{', '[]', '{ "model": 3, "models": 4, "targets": [] }', '{ "model": "a.h5", '])('makes the best of %j', (text) => {
    const outline = outlineRecipe(text);
    expect(outline.models.length).toBe(text.includes('a.h5') ? 1 : 0);
    expect(outline.targets).toEqual([]);
  });

  it('has the sizes that count as equal among its targets', () => {
    expect(targetsIn(outlineRecipe('{ "targets": { "sizeTie": 0.05 } }'))).toEqual({ sizeTie: 0.05 });
  });

  it('finds a property, or what stands above one that is not there', () => {
    const text = '{ "techniques": { "pruning": { "sparsity": 0.5 } } }';
    const found = (...names: readonly string[]): string | undefined => {
      const place = findPlace(text, names);
      return place && text.slice(place.offset, place.offset + place.length);
    };
    expect(found('techniques', 'pruning', 'sparsity')).toBe('"sparsity": 0.5');
    expect(found('techniques', 'qat')).toBe('"techniques": { "pruning": { "sparsity": 0.5 } }');
    expect(found('training')).toBeUndefined();
  });

  it('names a model as people do', () => {
    expect(['net.keras', 'dir/net.h5', 'web/mobile/model.json', 'saved/kws/saved_model.pb', 'saved/kws'].map(modelName)).toEqual([
      'net',
      'net',
      'mobile',
      'kws',
      'kws',
    ]);
  });
});
