import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectData } from '../../../src/extension/workspace/detect-data.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'espalier-detect-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
}

describe('data beside a model', () => {
  it.each([
    ['idx', ['mnist/train-images-idx3-ubyte.gz', 'mnist/train-labels-idx1-ubyte.gz'], 'mnist'],
    ['cifar-binary', ['cifar/data_batch_1.bin'], 'cifar'],
    ['images', ['flowers/rose/1.png', 'flowers/tulip/1.jpg'], 'flowers'],
    ['images', ['flowers/train/rose/1.JPEG', 'flowers/test/rose/1.png'], 'flowers'],
    ['audio', ['words/yes/1.wav', 'words/no/1.wav'], 'words'],
  ])('is recognised as %s', async (format, files, inner) => {
    put(...files);
    expect(await detectData(folder)).toEqual([{ format, folder: path.join(folder, inner) }]);
    expect(await detectData(path.join(folder, inner))).toEqual([{ format, folder: path.join(folder, inner) }]);
  });

  it('is recognised as a single file', async () => {
    put('table.csv', 'arrays.npz', 'notes.txt');
    expect((await detectData(folder)).toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
      { format: 'csv', file: path.join(folder, 'table.csv') },
      { format: 'npz', file: path.join(folder, 'arrays.npz') },
    ]);
    expect(await detectData(path.join(folder, 'table.csv'))).toEqual([{ format: 'csv', file: path.join(folder, 'table.csv') }]);
  });

  it('is not made up', async () => {
    put('model.h5', 'source/main.py');
    expect(await detectData(folder)).toEqual([]);
    expect(await detectData(path.join(folder, 'nowhere'))).toEqual([]);
  });
});
