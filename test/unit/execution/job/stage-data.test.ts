import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openData } from '../../../../src/core/data/open-data.ts';
import { digestData } from '../../../../src/core/tree/store/digest.ts';
import type { ResolvedModel } from '../../../../src/core/tree/recipe/resolve-recipe.ts';
import { stageData } from '../../../../src/execution/job/stage-data.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** A table of numbers beside the recipe, above it, or anywhere. */
function project(place: (root: string) => string): ResolvedModel {
  const root = temporaryFolder();
  const dataFolder = path.join(root, 'work', 'recipes');
  mkdirSync(dataFolder, { recursive: true });
  mkdirSync(path.join(root, 'shared'));
  const file = place(root);
  const rows = Array.from({ length: 40 }, (_, row) => `${row % 7},${row % 3},${row % 2}`).join('\n');
  writeFileSync(path.resolve(dataFolder, file), `a,b,label\n${rows}\n`);
  return {
    name: 'net',
    path: path.join(dataFolder, 'net.h5'),
    inputShapes: undefined,
    data: { format: 'csv', file, target: 'label', task: 'classes' },
    dataFolder,
  };
}

const onlyEntry = (folder: string): string => path.join(folder, readdirSync(folder)[0] ?? '');

describe('data on the own disk of a machine', () => {
  it.each([
    ['beside the recipe', () => 'rows.csv'],
    ['above it', () => '../../shared/rows.csv'],
    ['at an absolute path', (root: string) => path.join(root, 'shared', 'rows.csv')],
  ])('are the same examples, where they lay %s, below one folder that goes', async (_, place) => {
    const model = project(place);
    const temporary = temporaryFolder();
    const digest = await digestData(model.data, model.dataFolder);
    const staged = await stageData(model, digest, temporary);
    expect(staged.files).toBe(1);
    const whole = await openData(model.data, model.dataFolder, { seed: 0 });
    // The original is not needed any more.
    writeFileSync(path.resolve(model.dataFolder, 'file' in model.data ? String(model.data.file) : ''), '');
    const copy = await openData(staged.model.data, staged.model.dataFolder, { seed: 0 });
    expect(await copy.train.read(Uint32Array.of(0, 1, 2), 0)).toEqual(await whole.train.read(Uint32Array.of(0, 1, 2), 0));
    expect(staged.model.dataFolder.startsWith(temporary)).toBe(true);
    expect(existsSync(onlyEntry(temporary))).toBe(true);
    await staged.remove();
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('that differ from what the run was submitted with are refused, and nothing of them stays', async () => {
    const model = project(() => 'rows.csv');
    const digest = await digestData(model.data, model.dataFolder);
    const file = path.join(model.dataFolder, 'rows.csv');
    writeFileSync(file, readFileSync(file, 'utf8').replace('1,1,1', '1,2,1'));
    const temporary = temporaryFolder();
    await expect(stageData(model, digest, temporary)).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringContaining('the copy of the data differs from what the run was submitted with'),
    });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('that have nowhere to go are an error with the place', async () => {
    const model = project(() => 'rows.csv');
    await expect(stageData(model, '', path.join(temporaryFolder(), 'nowhere'))).rejects.toThrow(/nowhere: the folder does not exist/);
  });
});
