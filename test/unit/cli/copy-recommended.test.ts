import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { copyRecommended } from '../../../src/cli/run/copy-recommended.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const data = { format: 'images', folder: '../../../../photos' };

/** A run that recommends a file for each of these budgets. */
function writeRun(folder: string, id: string, files: Readonly<Record<number, string>>): string {
  const run = path.join(folder, '.espalier', 'runs', id);
  mkdirSync(path.join(run, 'recommended'), { recursive: true });
  for (const [place, contents] of Object.entries(files)) {
    writeFileSync(path.join(run, 'recommended', `model-budget-${place}.tflite`), contents);
    writeFileSync(path.join(run, 'recommended', `model-budget-${place}.espalier.json`), JSON.stringify({ nodes: [contents], data }));
  }
  return run;
}

/** The folder's own files. */
const inFolder = (folder: string): readonly string[] => readdirSync(folder).filter((file) => file !== '.espalier');

it('the folder of a search holds what the last one recommends, and whatever else was there', async () => {
  const folder = temporaryFolder();
  const copy = (runFolder: string) => copyRecommended({ runFolder, folder, model: 'model', name: 'net' });
  await copy(writeRun(folder, 'a', { 1: 'small', 2: 'large', 3: 'larger' }));
  const recipe = JSON.parse(readFileSync(path.join(folder, 'net-budget-2.espalier.json'), 'utf8')) as object;
  expect(recipe).toEqual({ nodes: ['large'], data: { format: 'images', folder: 'photos' } });
  // The user's: another file by this name, and one that no search names.
  writeFileSync(path.join(folder, 'net-budget-3.tflite'), 'mine');
  writeFileSync(path.join(folder, 'net-budget-2.md'), 'mine');
  writeFileSync(path.join(folder, 'other-budget-2.tflite'), 'large');
  const found = await copy(writeRun(folder, 'b', { 1: 'smaller' }));
  const named = (files: readonly string[]): readonly string[] => files.map((file) => path.basename(file));
  expect(named(found.copied)).toEqual(['net-budget-1.espalier.json', 'net-budget-1.tflite']);
  expect(named(found.removed)).toEqual(['net-budget-2.espalier.json', 'net-budget-2.tflite', 'net-budget-3.espalier.json']);
  expect(named(found.unknown)).toEqual(['net-budget-3.tflite']);
  expect(inFolder(folder)).toEqual([
    'net-budget-1.espalier.json',
    'net-budget-1.tflite',
    'net-budget-2.md',
    'net-budget-3.tflite',
    'other-budget-2.tflite',
  ]);
  expect(readFileSync(path.join(folder, 'net-budget-1.tflite'), 'utf8')).toBe('smaller');
  expect(existsSync(path.join(folder, '.espalier/runs/a/recommended/model-budget-2.tflite'))).toBe(true);
});

it('a search that recommends nothing leaves the files of the one before it', async () => {
  const folder = temporaryFolder();
  await copyRecommended({ runFolder: writeRun(folder, 'a', { 1: 'small' }), folder, model: 'model', name: 'net' });
  const found = await copyRecommended({ runFolder: writeRun(folder, 'b', {}), folder, model: 'model', name: 'net' });
  expect(found).toEqual({ copied: [], removed: [], unknown: [] });
  expect(inFolder(folder)).toHaveLength(2);
});
