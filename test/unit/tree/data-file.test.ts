/** A data block in a file of its own is checked as one in the recipe is. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../../src/core/models/digits-cnn.ts';
import { createModel } from '../../../src/core/create/create-model.ts';
import { convertModel } from '../../../src/core/tree/operations/convert-model.ts';
import { evaluateModel } from '../../../src/core/tree/operations/evaluate-model.ts';
import { checkRecipe } from '../../../src/core/tree/recipe/check-recipe.ts';
import { resolveModels } from '../../../src/core/tree/recipe/resolve-recipe.ts';

let folder = '';
const file = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-data-file-'));
  const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
  await writeFile(file('model.json'), json);
  await writeFile(file('weights.bin'), weights);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const context = { signal: new AbortController().signal, onProgress: () => undefined, threadScript: undefined };
const entries: Readonly<Record<string, (data: string) => Promise<unknown>>> = {
  'a recipe, before its run': (data) => resolveModels({ model: 'model.json', data }, folder),
  convert: (data) => convertModel({ model: file('model.json'), output: file('x'), mode: 'int8', data: file(data) }, context),
  evaluate: (data) => evaluateModel({ model: file('model.json'), data: file(data) }, context),
  create: (data) =>
    createModel({
      architecture: 'mnist-cnn',
      options: {},
      seed: 0,
      output: file('x.keras'),
      training: { data: file(data), plan: { epochs: 1, batchSize: 8, learningRate: 0.1, weightDecay: 0 } },
      ...context,
      warn: () => undefined,
    }),
};

describe.each(Object.entries(entries))('a data file given to %s', (_, open) => {
  it.each([
    [
      'a field that does not exist',
      { format: 'generated', set: 'digits', trainsize: 5 },
      /data\.json, data\.trainsize: .*did you mean "trainSize"/,
    ],
    [
      'a wrong type deep inside',
      { format: 'generated', set: 'digits', preprocessing: { scale: '1' } },
      /data\.json, data\.preprocessing\.scale: expected a number, found a string/,
    ],
    ['a value out of range', { format: 'generated', set: 'digits', testSize: 0 }, /data\.json, data\.testSize: 0 is out of range/],
    ['a field that is missing', { format: 'csv', target: 'label' }, /data\.json, data: "file" is missing/],
    ['another format', { format: 'cvs', file: 'x.csv' }, /data\.json, data\.format: "cvs" is not one of .*"csv"/],
  ])('names file and field of %s', async (__, block, message) => {
    await writeFile(file('data.json'), JSON.stringify(block));
    const error: unknown = await open('data.json').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringMatching(message) });
  });
});

it('says all mistakes of a file at once', async () => {
  await writeFile(file('data.json'), JSON.stringify({ format: 'generated', set: 'letters', trainSize: 0, colour: true }));
  await expect(resolveModels({ model: 'model.json', data: 'data.json' }, folder)).rejects.toThrow(
    /data\.json, data\.set: .*\n {2}data\.trainSize: 0 is out of range.*\n {2}data\.colour: /,
  );
});

it('shows the mistake at the field of the recipe that names the file', async () => {
  await writeFile(file('data.json'), JSON.stringify({ format: 'generated', set: 'digits', trainsize: 5 }));
  const text = '{ "model": "model.json", "data": "data.json" }';
  const [only, ...others] = await checkRecipe(text, folder);
  expect(others).toEqual([]);
  expect(only).toMatchObject({ code: 'unreadable-data', path: ['data'], message: expect.stringMatching(/data\.json, data\.trainsize: /) });
  expect(text.slice(only?.offset, (only?.offset ?? 0) + (only?.length ?? 0))).toBe('"data.json"');
});
