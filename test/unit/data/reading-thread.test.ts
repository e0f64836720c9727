/** Examples read in a thread of their own are the ones that would be read here. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import { readInThread } from '../../../src/core/data/reading/read-in-thread.ts';
import { EspalierError } from '../../../src/core/errors.ts';

const bundles = path.resolve('out', `test-reading-${process.pid}`);
const script = path.join(bundles, 'reading-thread.cjs');
beforeAll(() => promisify(execFile)(process.execPath, ['scripts/build.mjs', `--into=${bundles}`, 'reading-thread']));
afterAll(() => rm(bundles, { recursive: true, force: true }));

it('gives the numbers, labels and augmentation of the same seed and epoch, batches in any order', async () => {
  const spec: DataSpec = {
    format: 'generated',
    set: 'digits',
    trainSize: 40,
    testSize: 4,
    augmentation: { shift: 2, noise: 0.1 },
  };
  const here = await openData(spec, '.', { seed: 5, modelInputs: [{ name: 'input', shape: [28, 28, 1] }] });
  const there = readInThread(here, script, { spec, folder: '.', seed: 5, modelInputs: [{ name: 'input', shape: [28, 28, 1] }] });
  const asked = [Uint32Array.of(3, 1, 2), Uint32Array.of(0), Uint32Array.of(7, 7)];
  const batches = await Promise.all(asked.map((indices, epoch) => there.train.read(indices, epoch)));
  for (const [epoch, indices] of asked.entries()) expect(batches[epoch]).toEqual(await here.train.read(indices, epoch));
  // Augmented, and not for evaluation.
  expect(batches[1]?.inputs).not.toEqual((await there.train.read(Uint32Array.of(0))).inputs);
  expect(await there.train.read(Uint32Array.of(0))).toEqual(await here.train.read(Uint32Array.of(0)));
});

it('reports data that cannot be read as it is reported here', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'espalier-'));
  try {
    writeFileSync(path.join(folder, 'data.csv'), 'x,y\n1,2\n3,4\n5,6\n7,8\n');
    const spec: DataSpec = { format: 'csv', file: 'data.csv', target: 'y', task: 'regression', augmentation: { noise: 0.1 } };
    const opened = await openData(spec, folder, { seed: 0 });
    const there = readInThread(opened, script, { spec, folder: path.join(folder, 'gone'), seed: 0, modelInputs: undefined });
    const failure: unknown = await there.train.read(Uint32Array.of(0), 0).catch((error: unknown) => error);
    const expected: unknown = await openData(spec, path.join(folder, 'gone'), { seed: 0 }).catch((error: unknown) => error);
    expect(expected).toBeInstanceOf(EspalierError);
    if (expected instanceof EspalierError) expect(failure).toMatchObject({ code: expected.code, message: expected.message });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('says so when the thread itself fails', async () => {
  const spec: DataSpec = { format: 'generated', set: 'digits', trainSize: 4, testSize: 4, augmentation: { noise: 0.1 } };
  const opened = await openData(spec, '.', { seed: 5 });
  const there = readInThread(opened, path.join(bundles, 'missing.cjs'), {
    spec,
    folder: '.',
    seed: 5,
    modelInputs: undefined,
  });
  await expect(there.train.read(Uint32Array.of(0), 0)).rejects.toThrow('the thread that reads examples failed: ');
});
