import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDataBlock } from '../../../src/core/tree/recipe/read-data-block.ts';
import { checkRecipe } from '../../../src/core/tree/recipe/check-recipe.ts';
import { unreadableFiles } from '../../../src/core/tree/recipe/readable-files.ts';
import { readResult } from '../../../src/core/tree/store/result-folder.ts';
import { outlineRecipe } from '../../../src/extension/workspace/recipe-document.ts';
import { DEEPEST_NESTING, firstTooDeep } from '../../../src/shared/nesting.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const nested = (levels: number, inner = ''): string => `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`;
const deep = nested(200_000);

describe('the nesting of a text', () => {
  it('is that of its brackets outside of strings and comments', () => {
    expect(firstTooDeep(nested(DEEPEST_NESTING))).toBeUndefined();
    expect(firstTooDeep(nested(DEEPEST_NESTING + 1))).toBe(DEEPEST_NESTING);
    const brackets = '['.repeat(1000);
    expect(firstTooDeep(`{"a\\"${brackets}": 1, // ${brackets}\n"b": 2 /* ${brackets} */, "\\\\": []}`)).toBeUndefined();
    // A string without an end, while it is typed, ends with its line.
    expect(firstTooDeep(`{"a${brackets}\n}`)).toBeUndefined();
    expect(firstTooDeep(`// comment\n${brackets}`)).toBe(11 + DEEPEST_NESTING);
    expect(firstTooDeep(`/* open ${brackets}`)).toBeUndefined();
    expect(firstTooDeep(`{}${'[1],'.repeat(1000)}`)).toBeUndefined();
  });

  it('is not hidden by brackets that close another kind, or nothing', () => {
    expect(firstTooDeep('[}'.repeat(DEEPEST_NESTING + 1))).toBe(2 * DEEPEST_NESTING);
    expect(firstTooDeep(`${']'.repeat(1000)}${nested(DEEPEST_NESTING + 1)}`)).toBe(1000 + DEEPEST_NESTING);
  });
});

describe('a text that is nested without end', () => {
  const text = `{"model":"a.h5","data":{"format":"npz","file":"x","preprocessing":${deep}}}`;

  it('is a mistake in a recipe, and has no outline', async () => {
    const folder = temporaryFolder();
    expect(await checkRecipe(text, folder)).toEqual([
      expect.objectContaining({
        code: 'syntax',
        offset: text.indexOf('[') + DEEPEST_NESTING - 2,
        message: 'brackets are nested more than 200 deep',
      }),
    ]);
    expect(await unreadableFiles(text, folder, () => true)).toEqual([]);
    expect(outlineRecipe(text).models).toEqual([]);
  });

  it('is refused as a data block', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'data.json'), `{"format":"npz","file":${deep}}`);
    await expect(readDataBlock('data.json', folder)).rejects.toThrow(
      'data.json: brackets are nested more than 200 deep; write a data block',
    );
  });

  it('is damage in a store', async () => {
    const folder = path.join(temporaryFolder(), 'result');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'manifest.json'), `{"a":${deep},"sha256":"x"}`);
    expect(await readResult(folder)).toEqual({ kind: 'damaged', problems: ['manifest.json is missing or damaged'] });
  });
});

it('a recipe of mistakes is read in a moment, and its other fields are checked', async () => {
  const started = process.cpuUsage();
  const list = await checkRecipe(`{"models":[${'1,'.repeat(20_000)}1],"seed":"x"}`, temporaryFolder());
  expect(list.map(({ path: place }) => place.join('.'))).toEqual(expect.arrayContaining(['models.0', 'models', 'seed']));
  expect(list.length).toBeLessThan(110);
  const fields = Array.from({ length: 5_000 }, (_, index) => `"x${index}":1`).join();
  expect((await checkRecipe(`{"model":"a.h5",${fields}}`, temporaryFolder())).length).toBeGreaterThan(4_999);
  // In the editor this is done after each key; as many comparisons as pairs of mistakes took minutes.
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(10);
});
