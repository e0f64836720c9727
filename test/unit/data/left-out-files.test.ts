/** Files that are no examples are left out, and what looks like an example is not left out without a word. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
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
