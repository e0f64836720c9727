import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import { digestData, digestModel } from '../../../src/core/tree/store/digest.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const spec: DataSpec = { format: 'images', folder: 'pictures' };
let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'pictures/a'), { recursive: true });
  mkdirSync(join(folder, 'pictures/b'));
  writeFileSync(join(folder, 'pictures/a/1.png'), Uint8Array.of(1, 2, 3));
  writeFileSync(join(folder, 'pictures/b/2.png'), Uint8Array.of(4));
});

describe('the digest of data, of which the addresses of cached stages are made', () => {
  it('is the same for the same files, wherever they lie and whatever the order of the fields', async () => {
    const before = await digestData(spec, folder);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    mkdirSync(join(folder, 'moved'));
    renameSync(join(folder, 'pictures'), join(folder, 'moved', 'images'));
    expect(await digestData({ folder: './moved//images', format: 'images', cacheMegabytes: 7 }, folder)).toBe(before);
  });

  it.each<readonly [string, () => void]>([
    ['one byte of a file', () => writeFileSync(join(folder, 'pictures/a/1.png'), Uint8Array.of(1, 2, 4))],
    ['the name of a file', () => renameSync(join(folder, 'pictures/b/2.png'), join(folder, 'pictures/b/3.png'))],
    ['the class of a file', () => renameSync(join(folder, 'pictures/b/2.png'), join(folder, 'pictures/a/2.png'))],
    ['one file more', () => writeFileSync(join(folder, 'pictures/a/4.png'), '')],
  ])('changes with %s', async (_what, change) => {
    const before = await digestData(spec, folder);
    change();
    expect(await digestData(spec, folder).catch(String)).not.toBe(before);
  });

  it.each<readonly [string, string]>([
    ['a file of another kind', 'pictures/a/notes.txt'],
    ['an image that lies in no class', 'pictures/overview.png'],
    ['a file beside the folder', 'net.espalier.json'],
  ])('does not change with %s', async (_what, file) => {
    const before = await digestData(spec, folder);
    writeFileSync(join(folder, file), 'x');
    expect(await digestData(spec, folder)).toBe(before);
  });

  it('does not change with the recipe or a note where the folder is that of the recipe', async () => {
    const here: DataSpec = { format: 'images', folder: '.', classes: ['a', 'b'] };
    const before = await digestData(here, folder);
    writeFileSync(join(folder, 'net.espalier.json'), '{ "model": "m.h5" }');
    writeFileSync(join(folder, 'notes.txt'), 'x');
    mkdirSync(join(folder, 'c'));
    writeFileSync(join(folder, 'c', '5.png'), 'of no class that is listed');
    expect(await digestData(here, folder)).toBe(before);
  });

  it('follows links, ends where they lead back, and takes one that leads nowhere for a file without bytes', async () => {
    symlinkSync('..', join(folder, 'pictures/a/up'));
    symlinkSync('gone', join(folder, 'pictures/a/gone.png'));
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere/5.png'), Uint8Array.of(5));
    symlinkSync('../elsewhere', join(folder, 'pictures/c'));
    const before = await digestData(spec, folder);
    expect(await digestData(spec, folder)).toBe(before);
    writeFileSync(join(folder, 'elsewhere/5.png'), Uint8Array.of(6));
    expect(await digestData(spec, folder)).not.toBe(before);
  });

  it('changes with what the spec says', async () => {
    expect(await digestData({ ...spec, splitSeed: 1 }, folder)).not.toBe(await digestData(spec, folder));
  });

  it.each<readonly [DataSpec, readonly string[]]>([
    [
      { format: 'idx', folder: 'f' },
      ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte'],
    ],
    [{ format: 'cifar-binary', folder: 'f' }, ['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin']],
    [{ format: 'cifar-binary', train: ['f/x'], test: ['f/y'] }, ['x', 'y']],
    [{ format: 'npy', trainInputs: 'f/x.npy', trainLabels: 'f/y.npy' }, ['x.npy', 'y.npy']],
    [
      { format: 'npy', trainInputs: { first: 'f/a.npy', second: 'f/b.npy' }, testInputs: { first: 'f/c.npy', second: 'f/d.npy' } },
      ['a.npy', 'b.npy', 'c.npy', 'd.npy'],
    ],
    [{ format: 'npz', file: 'f/data.npz', trainInputs: 'x' }, ['data.npz']],
    [{ format: 'csv', file: 'f/a.csv', testFile: 'f/b.csv', target: 'y' }, ['a.csv', 'b.csv']],
    [
      {
        format: 'raw',
        train: { inputs: 'f/x.i8', labels: 'f/y.csv' },
        test: { inputs: { one: 'f/z.i8' }, labels: 'f/w.csv' },
        shape: [2],
        type: 'int8',
        labelColumn: 0,
      },
      ['x.i8', 'y.csv', 'z.i8', 'w.csv'],
    ],
    [{ format: 'audio', folder: 'f/all.tar.gz' }, ['all.tar.gz']],
    [{ format: 'audio', folder: 'f' }, ['yes/1.wav', 'no/2.wav', '_background_noise_/3.wav']],
    [{ format: 'images', train: 'f/train', test: 'f/test.tar' }, ['train/a/1.png', 'train/b/1.png', 'test.tar']],
  ])('is of the files that %o reads, and of no other', async (data, files) => {
    const names = [...files, 'other.txt'].map((name) => join(folder, 'f', name));
    for (const name of names) {
      mkdirSync(join(name, '..'), { recursive: true });
      writeFileSync(name, 'before');
    }
    const before = await digestData(data, folder);
    for (const name of names) {
      writeFileSync(name, 'after');
      const after = await digestData(data, folder);
      expect([name, after !== before]).toEqual([name, !name.endsWith('other.txt')]);
      writeFileSync(name, 'before');
    }
    expect(await digestData(data, folder)).toBe(before);
  });
});

describe('the digest of a model', () => {
  it('changes with the weights beside a model.json, not with what else lies there', async () => {
    const json = { modelTopology: {}, weightsManifest: [{ paths: ['w1.bin', 'w2.bin'], weights: [] }] };
    const model = join(folder, 'model.json');
    writeFileSync(model, JSON.stringify(json));
    writeFileSync(join(folder, 'w1.bin'), 'one');
    writeFileSync(join(folder, 'w2.bin'), 'two');
    const before = await digestModel(model);
    writeFileSync(join(folder, 'w3.bin'), 'three');
    expect(await digestModel(model)).toBe(before);
    expect(await digestModel(folder)).toBe(before);
    writeFileSync(join(folder, 'w2.bin'), 'twO');
    expect(await digestModel(model)).not.toBe(before);
    rmSync(join(folder, 'w2.bin'));
    expect(await digestModel(model)).not.toBe(before);
  });

  it('of one file does not depend on its name', async () => {
    writeFileSync(join(folder, 'a.keras'), 'PK\u0003\u0004');
    const before = await digestModel(join(folder, 'a.keras'));
    renameSync(join(folder, 'a.keras'), join(folder, 'b.keras'));
    expect(await digestModel(join(folder, 'b.keras'))).toBe(before);
  });

  it('of a SavedModel is of its checkpoint and its configuration', async () => {
    mkdirSync(join(folder, 'saved', 'variables'), { recursive: true });
    mkdirSync(join(folder, 'saved', 'assets'));
    const write = (name: string, text: string): void => writeFileSync(join(folder, 'saved', name), text);
    for (const name of ['saved_model.pb', 'variables/variables.index', 'variables/variables.data-00000-of-00001']) write(name, 'x');
    const before = await digestModel(join(folder, 'saved'));
    write('assets/vocabulary.txt', 'x');
    write('fingerprint.pb', 'x');
    expect(await digestModel(join(folder, 'saved'))).toBe(before);
    write('variables/variables.data-00000-of-00001', 'y');
    expect(await digestModel(join(folder, 'saved'))).not.toBe(before);
  });
});
