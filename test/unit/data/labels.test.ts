import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import { openData } from '../../../src/core/data/open-data.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-labels-'));
  await writeFile(join(folder, 'x.npy'), npy('<f4', '(4, 2)', new Float32Array(8)));
  await writeFile(join(folder, 'x.bin'), new Uint8Array(8));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function npy(descr: string, shape: string, data: Float32Array | BigInt64Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
  const start = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([118, 0]), Buffer.from(header)]);
  return Buffer.concat([start, new Uint8Array(data.buffer)]);
}

async function openNpyLabels(descr: string, data: Float32Array | BigInt64Array): Promise<unknown> {
  await writeFile(join(folder, 'y.npy'), npy(descr, '(4,)', data));
  const spec: DataSpec = { format: 'npy', trainInputs: 'x.npy', trainLabels: 'y.npy', task: 'classes', testFraction: 0.25 };
  return openData(spec, folder, { seed: 1 });
}

async function openRawLabels(...cells: readonly string[]): Promise<unknown> {
  await writeFile(join(folder, 'y.csv'), cells.join('\n'));
  const spec: DataSpec = {
    format: 'raw',
    train: { inputs: 'x.bin', labels: 'y.csv' },
    shape: [2],
    type: 'int8',
    labelColumn: 0,
    testFraction: 0.25,
  };
  return openData(spec, folder, { seed: 1 });
}

describe('a label that is no class index is refused when the data are opened', () => {
  it.each([
    ['a fraction in .npy', () => openNpyLabels('<f4', Float32Array.of(0, 1, 1.5, 0)), /y\.npy: it holds 1\.5, .*whole numbers from 0/],
    ['not a number in .npy', () => openNpyLabels('<f4', Float32Array.of(0, 1, NaN, 0)), /y\.npy: it holds NaN, which is not a class index/],
    ['beyond int32 in .npy', () => openNpyLabels('<i8', BigInt64Array.of(0n, 1n, 2n ** 32n, 0n)), /y\.npy: it holds 4294967296, which/],
    [
      'negative in .npy',
      () => openNpyLabels('<i8', BigInt64Array.of(0n, 1n, -1n, 0n)),
      /y\.npy: example 2 has the label -1, but classes count/,
    ],
    ['a fraction in a CSV', () => openRawLabels('0', '1', '0.5', '1'), /y\.csv: row 3 has "0\.5" in column 0, which is not a class index/],
    ['beyond int32 in a CSV', () => openRawLabels('0', '1', '0', '4294967297'), /y\.csv: row 4 has "4294967297" in column 0, which/],
    ['negative in a CSV', () => openRawLabels('0', '-1', '0', '1'), /y\.csv: example 1 has the label -1, but classes count from 0/],
  ])('%s', async (_, open, message) => {
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringMatching(message) });
  });
});

describe('labels known without reading the examples', () => {
  it('are those that come with the examples, split by split', async () => {
    const spec: DataSpec = { format: 'generated', set: 'digits', trainSize: 60, testSize: 20, validation: 0.2 };
    const { train, validation, test } = await openData(spec, folder, { seed: 4 });
    for (const split of [train, validation, test]) {
      const { labels } = await split.read(Uint32Array.from({ length: split.size }, (_, index) => index));
      expect(split.labels).toEqual(labels);
    }
    expect([train.size, validation.size, test.size]).toEqual([48, 12, 20]);
  });

  it('are not given for what is no class', async () => {
    const spec: DataSpec = { format: 'npy', trainInputs: 'x.npy', task: 'autoencoder', testFraction: 0.25 };
    const { train } = await openData(spec, folder, { seed: 1 });
    expect(train.labels).toBeUndefined();
  });
});
