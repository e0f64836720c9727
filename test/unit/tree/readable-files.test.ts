import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { checkRecipe } from '../../../src/core/tree/recipe/check-recipe.ts';
import { readableBelow, unreadableFiles } from '../../../src/core/tree/recipe/readable-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let workspace = '';
let outside = '';
beforeAll(() => {
  workspace = temporaryFolder();
  outside = temporaryFolder();
  mkdirSync(path.join(outside, 'photos'));
  writeFileSync(path.join(outside, 'secret.h5'), 'not a model');
  writeFileSync(path.join(workspace, 'own.h5'), 'not a model');
  writeFileSync(path.join(outside, 'data.json'), JSON.stringify({ format: 'images', folder: 'photos' }));
  writeFileSync(path.join(workspace, 'data.json'), JSON.stringify({ format: 'images', folder: path.join(outside, 'photos') }));
  symlinkSync(outside, path.join(workspace, 'link'), 'junction');
});

const unreadable = (recipe: object): Promise<readonly string[]> =>
  unreadableFiles(JSON.stringify(recipe), workspace, readableBelow([workspace]));

it('names what a recipe reads outside: absolute paths, paths up, links, and what a data file names', async () => {
  expect(await unreadable({ model: 'own.h5', data: { format: 'images', folder: 'here' } })).toEqual([]);
  const secret = path.join(outside, 'secret.h5');
  expect(await unreadable({ model: secret, data: { format: 'images', folder: 'here' } })).toEqual([secret]);
  expect(await unreadable({ models: [{ path: path.relative(workspace, secret) }] })).toEqual([secret]);
  expect(await unreadable({ model: 'link/secret.h5' })).toEqual([path.join(workspace, 'link/secret.h5')]);
  expect(await unreadable({ model: 'own.h5', training: { distillation: { teacher: secret } } })).toEqual([secret]);
  expect(await unreadable({ model: 'own.h5', data: 'data.json' })).toEqual([path.join(outside, 'photos')]);
  expect(await unreadable({ model: 'own.h5', data: { format: 'images', train: 'link' } })).toEqual([path.join(workspace, 'link')]);
});

it('names the files of inputs and outputs that are called as fields of text are', async () => {
  const secret = path.join(outside, 'secret.npy');
  const npy = { format: 'npy', trainInputs: 'own.npy' };
  const raw = { format: 'raw', shape: { target: [2] }, type: { target: 'float32' }, labelColumn: 0 };
  const own = { inputs: { target: 'own.bin' }, labels: 'own.bin' };
  for (const data of [
    { ...npy, trainInputs: { target: secret } },
    { ...npy, trainLabels: { class: secret } },
    { ...npy, testInputs: { type: secret } },
    { ...npy, testLabels: { split: secret } },
    { ...raw, train: { ...own, inputs: { target: secret } }, test: own },
  ])
    expect(await unreadable({ model: 'own.h5', data }), JSON.stringify(data)).toEqual([secret]);
});

it('opens nothing that may not be read, and checks the text all the same', async () => {
  const codes = async (recipe: object, folders: readonly string[] | undefined): Promise<readonly string[]> =>
    (await checkRecipe(JSON.stringify(recipe), workspace, readableBelow(folders))).map(({ code }) => code);
  const recipe = { model: 'link/secret.h5', data: { format: 'images', folder: 'nowhere' }, nodes: ['pruned/pqta'] };
  expect(await codes(recipe, undefined)).toEqual(['unknown-node', 'unreadable-model', 'missing-file']);
  expect(await codes(recipe, [workspace])).toEqual(['unknown-node', 'missing-file']);
  expect(await codes(recipe, [])).toEqual(['unknown-node']);
  expect(await codes({ ...recipe, model: 'own.h5' }, [])).toEqual(['unknown-node']);
});

it('takes a folder whose name begins like a readable one for another', () => {
  const mayRead = readableBelow([workspace]);
  expect([workspace, path.join(workspace, 'new/file')].map(mayRead)).toEqual([true, true]);
  expect([`${workspace}-other`, path.dirname(workspace), path.join(workspace, '..', 'x')].map(mayRead)).toEqual([false, false, false]);
});
