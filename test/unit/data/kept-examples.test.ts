import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from 'jpeg-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KeptExamples } from '../../../src/core/data/kept-examples.ts';
import { openData } from '../../../src/core/data/open-data.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), 'espalier-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keyOf = (index: number): string => `${index}`.padStart(64, '0');
const files = (below: string): readonly string[] =>
  readdirSync(below, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [path.join(entry.parentPath, entry.name)] : [],
  );

it('gives back what was put, to another process too, and nothing for a damaged file or another length', async () => {
  const example = Uint8Array.of(1, 2, 3, 250);
  await new KeptExamples(folder).put(keyOf(1), example);
  const other = new KeptExamples(folder);
  expect(await other.get(keyOf(1), 4)).toEqual(example);
  expect(await other.get(keyOf(1), 3)).toBeUndefined();
  expect(await other.get(keyOf(2), 4)).toBeUndefined();
  const [file = ''] = files(folder);
  const bytes = readFileSync(file);
  bytes[18] = 0;
  writeFileSync(file, bytes);
  expect(await other.get(keyOf(1), 4)).toBeUndefined();
});

it('gives nothing for the example of another key, and takes the right one in its place', async () => {
  const kept = new KeptExamples(folder);
  await kept.put(keyOf(1), Uint8Array.of(1, 1));
  await kept.put(keyOf(2), Uint8Array.of(2, 2));
  const [first = '', second = ''] = files(folder).toSorted();
  writeFileSync(second, readFileSync(first));
  expect(await kept.get(keyOf(1), 2)).toEqual(Uint8Array.of(1, 1));
  expect(await kept.get(keyOf(2), 2)).toBeUndefined();
  await kept.put(keyOf(2), Uint8Array.of(2, 2));
  expect(await kept.get(keyOf(2), 2)).toEqual(Uint8Array.of(2, 2));
});

it('keeps within its limit, and removes the oldest when it is opened nearly full', async () => {
  const size = (): number => files(folder).reduce((sum, file) => sum + statSync(file).size, 0);
  const first = new KeptExamples(folder, 1000);
  for (let i = 0; i < 20; i++) await first.put(keyOf(i), new Uint8Array(84).fill(i));
  // Ten of 100 bytes with their digests.
  expect(size()).toBe(1000);
  for (const file of files(folder)) utimesSync(file, Number(file.slice(-2)), Number(file.slice(-2)));
  const second = new KeptExamples(folder, 1000);
  await second.put(keyOf(50), new Uint8Array(84));
  expect(size()).toBe(600);
  expect(await second.get(keyOf(0), 84)).toBeUndefined();
  expect(await second.get(keyOf(9), 84)).toEqual(new Uint8Array(84).fill(9));
});

it('does without a folder that cannot be made', async () => {
  writeFileSync(path.join(folder, 'file'), '');
  const kept = new KeptExamples(path.join(folder, 'file', 'examples'));
  await kept.put(keyOf(1), Uint8Array.of(1));
  expect(await kept.get(keyOf(1), 1)).toBeUndefined();
});

it('gives the photos that decoding gives, and decodes them no more', async () => {
  const paint = (value: number): Buffer => encode({ width: 24, height: 16, data: new Uint8Array(24 * 16 * 4).fill(value) }, 90).data;
  const photos = path.join(folder, 'photos');
  for (const name of ['a', 'b']) {
    for (let i = 0; i < 6; i++) {
      const file = path.join(photos, name, `${i}.jpg`);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, paint(20 * i + (name === 'a' ? 0 : 100)));
    }
  }
  const examplesFolder = path.join(folder, 'examples');
  const open = (kept: string | undefined) =>
    openData({ format: 'images', folder: 'photos' }, folder, {
      seed: 1,
      modelInputs: [{ name: 'input', shape: [8, 8, 3] }],
      examplesFolder: kept,
    });
  const all = Uint32Array.of(0, 1, 2);
  const plain = await (await open(undefined)).train.read(all);
  expect((await (await open(examplesFolder)).train.read(all)).inputs).toEqual(plain.inputs);
  expect(files(examplesFolder)).toHaveLength(3);
  // Another content under the same keys shows that they are read from there.
  for (const file of files(examplesFolder)) {
    const kept = new KeptExamples(examplesFolder);
    await kept.put(path.basename(path.dirname(file)) + path.basename(file), new Uint8Array(8 * 8 * 3).fill(255));
  }
  const again = await (await open(examplesFolder)).train.read(all);
  expect(new Set(again.inputs[0])).toEqual(new Set([1]));
});
