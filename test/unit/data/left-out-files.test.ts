/** Files that are no examples are left out, and what looks like an example is not left out without a word. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { openFileTree } from '../../../src/core/data/files/file-tree.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import type { ImageDataSpec } from '../../../src/core/data/spec/image-spec.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { quadrantImages } from '../fixtures/quadrant-images.ts';

const image = Buffer.from(quadrantImages['colour, 8 bits'] ?? '', 'base64');

async function warningsFor(files: readonly string[], spec: Partial<ImageDataSpec> = {}): Promise<readonly string[]> {
  const folder = temporaryFolder();
  for (const file of files) {
    await mkdir(dirname(join(folder, 'set', file)), { recursive: true });
    await writeFile(join(folder, 'set', file), image);
  }
  const warnings: string[] = [];
  const all: ImageDataSpec = { format: 'images', folder: 'set', ...spec };
  await openData(all, folder, {
    seed: 0,
    modelInputs: [{ name: 'x', shape: [8, 8, 3] }],
    onWarning: (message) => warnings.push(message),
  });
  return warnings;
}

const examples = ['a/1.png', 'a/2.JPG', 'b/1.jpeg', 'b/2.png'];

it('says nothing of files that nobody takes for examples', async () => {
  expect(await warningsFor([...examples, 'readme.txt', 'a/Thumbs.db', '.DS_Store', '__MACOSX/a/._1.png', 'a/._1.png'])).toEqual([]);
});

it('names images of formats that are not read', async () => {
  expect(await warningsFor([...examples, 'a/3.bmp', 'b/3.webp'])).toEqual([
    expect.stringMatching(/set: 2 files \(a\/3\.bmp, …\) left out; \.jpg, \.jpeg, \.jfif, \.png are read$/),
  ]);
});

it('names files without a class', async () => {
  expect(await warningsFor([...examples, 'logo.png'])).toEqual([
    expect.stringMatching(/set: 1 file \(logo\.png\) left out, for no class folder holds them$/),
  ]);
  expect(await warningsFor(['a_1.png', 'a_2.png', 'b_1.png', 'c.png'], { pattern: '<class>_<n>.png' })).toEqual([
    expect.stringMatching(/set: 1 file \(c\.png\) left out, for they do not match "<class>_<n>\.png"$/),
  ]);
});

it('tells what a folder holds when it holds no readable file at all', async () => {
  await expect(warningsFor(['a/1.bmp', 'b/2.gif'])).rejects.toThrow(
    /holds no \.jpg or \.jpeg or \.jfif or \.png file, but 2 files \(a\/1\.bmp, …\); convert them to one of these formats/,
  );
});

it('follows links to files and folders, but not in a circle', async () => {
  const folder = temporaryFolder();
  for (const file of ['elsewhere/1.png', 'elsewhere/2.png', 'set/a/1.png', 'set/a/2.png'])
    await mkdir(dirname(join(folder, file)), { recursive: true }).then(() => writeFile(join(folder, file), image));
  await symlink('../elsewhere', join(folder, 'set', 'b'));
  await symlink('../a/1.png', join(folder, 'set', 'a', '3.png'));
  await symlink('..', join(folder, 'set', 'a', 'up'));
  await symlink('self', join(folder, 'set', 'a', 'self'));
  const { train } = await openData({ format: 'images', folder: 'set', validation: 0, testFraction: 0 }, folder, {
    seed: 0,
    modelInputs: [{ name: 'x', shape: [8, 8, 3] }],
  });
  expect(train.target).toMatchObject({ names: ['a', 'b'] });
  const { labels } = await train.read(Uint32Array.from({ length: train.size }, (_, i) => i));
  expect([...labels].sort()).toEqual([0, 0, 0, 1, 1]);
});

it('refuses links whose ways multiply, in a moment', async () => {
  const folder = temporaryFolder();
  // From each folder two ways to the next: 2^30 paths to one image.
  for (let level = 0; level <= 30; level++) {
    await mkdir(join(folder, '.levels', `${level}`), { recursive: true });
    for (const way of level === 30 ? [] : ['a', 'b']) await symlink(`../${level + 1}`, join(folder, '.levels', `${level}`, way));
  }
  await writeFile(join(folder, '.levels', '30', '1.png'), image);
  await symlink('.levels/0', join(folder, 'set'));
  await expect(openFileTree(join(folder, 'set'))).rejects.toThrow(/more than 100 links lead to the folder .*\.levels.\d+; remove links/);
});

it('names a link that leads nowhere when its image is wanted', async () => {
  const folder = temporaryFolder();
  for (const file of examples)
    await mkdir(dirname(join(folder, file)), { recursive: true }).then(() => writeFile(join(folder, file), image));
  await symlink('gone.png', join(folder, 'a', '3.png'));
  const { train } = await openData({ format: 'images', folder: '.', validation: 0, testFraction: 0 }, folder, {
    seed: 0,
    modelInputs: [{ name: 'x', shape: [8, 8, 3] }],
  });
  await expect(train.read(Uint32Array.from({ length: train.size }, (_, i) => i))).rejects.toThrow(/a\/3\.png: there is no such file/);
});

it('says once that an archive is of another kind', async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, 'set.zip'), zipSync({ 'a/1.png': new Uint8Array(image) }));
  await expect(openData({ format: 'images', folder: 'set.zip' }, folder, { seed: 0 })).rejects.toThrow(
    /^[^(]*set\.zip: it is neither a folder nor a sound \.tar or \.tar\.gz archive; name a folder of files, unpack archives of other kinds/,
  );
});
