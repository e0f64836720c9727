import { describe, expect, it } from 'vitest';
import { modelName, outlineRecipe, targetsIn } from '../../../src/extension/workspace/recipe-document.ts';

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
