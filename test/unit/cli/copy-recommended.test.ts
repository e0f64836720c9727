import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { copyRecommended } from '../../../src/cli/run/copy-recommended.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const data = { format: 'images', folder: '../../../../photos' };

const { rm } = vi.hoisted(() => ({ rm: vi.fn<(file: string) => Promise<void>>() }));
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof FileSystem>();
  rm.mockImplementation(actual.rm);
  return { ...actual, rm };
});
afterEach(() => rm.mockClear());

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
  expect(named(found.others)).toEqual(['net-budget-3.tflite']);
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
  expect(found).toEqual({ copied: [], removed: [], others: [] });
  expect(inFolder(folder)).toHaveLength(2);
});

it('a file that cannot be removed stays, and the search ends as it would without it', async () => {
  const folder = temporaryFolder();
  const copy = (runFolder: string) => copyRecommended({ runFolder, folder, model: 'model', name: 'net' });
  await copy(writeRun(folder, 'a', { 1: 'small', 2: 'large' }));
  rm.mockRejectedValueOnce(Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' }));
  const found = await copy(writeRun(folder, 'b', { 1: 'smaller' }));
  expect(found.removed.map((file) => path.basename(file))).toEqual(['net-budget-2.tflite']);
  expect(found.others.map((file) => path.basename(file))).toEqual(['net-budget-2.espalier.json']);
  expect(inFolder(folder)).toContain('net-budget-2.espalier.json');
});
