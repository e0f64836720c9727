import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openData } from '../../../src/core/data/open-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { npyFile } from '../fixtures/npy.ts';

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
});

interface Read {
  readonly shape: readonly number[] | undefined;
  readonly values: readonly number[];
  readonly warnings: readonly string[];
}

/** The first of two examples, which hold 0, 1, 2… in the order of their file. */
async function read(stored: readonly number[], model: readonly number[], type: 'float32' | 'uint8' = 'float32'): Promise<Read> {
  const count = stored.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: 2 * count }, (_, i) => i);
  await writeFile(join(folder, 'x.npy'), npyFile([2, ...stored], type === 'uint8' ? Uint8Array.from(data) : data));
  const warnings: string[] = [];
  const { train } = await openData(
    { format: 'npy', trainInputs: 'x.npy', validation: 0, testFraction: 0, preprocessing: { scale: 1 } },
    folder,
    { seed: 0, modelInputs: [{ name: 'x', shape: model }], onWarning: (message) => warnings.push(message) },
  );
  const { inputs } = await train.read(Uint32Array.of(0));
  return { shape: train.inputShapes[0], values: [...(inputs[0] ?? [])], warnings };
}

describe('axes of arrays', () => {
  it.each(['float32', 'uint8'] as const)('channels first become channels last, and that is said (%s)', async (type) => {
    const { shape, values, warnings } = await read([3, 2, 4], [2, 4, 3], type);
    expect(shape).toEqual([2, 4, 3]);
    // Pixel 0 of each of the three planes of 8, then pixel 1…
    expect(values.slice(0, 6)).toEqual([0, 8, 16, 1, 9, 17]);
    expect(warnings).toEqual([
      expect.stringMatching(/x\.npy: its examples \[3, 2, 4\] have the channels first; they are read as \[2, 4, 3\]/),
    ]);
  });

  it.each<[readonly number[], readonly number[]]>([
    [
      [2, 4, 3],
      [2, 4, 3],
    ],
    [
      [2, 4],
      [2, 4, 1],
    ],
    [
      [1, 2, 4],
      [2, 4, 1],
    ],
    [[24], [2, 4, 3]],
    [[2, 4, 3], [24]],
    [
      [8, 3],
      [2, 4, 3],
    ],
  ])('%j is read as %j in its own order, without a word', async (stored, model) => {
    const { shape, values, warnings } = await read(stored, model);
    expect(shape).toEqual(model);
    expect(values).toEqual(Array.from({ length: values.length }, (_, i) => i));
    expect(warnings).toEqual([]);
  });

  it.each<[readonly number[], readonly number[]]>([
    [
      [10, 49],
      [49, 10, 1],
    ],
    [
      [4, 2, 3],
      [2, 4, 3],
    ],
  ])('%j for %j is refused: the numbers would fit and be wrong', async (stored, model) => {
    await expect(read(stored, model)).rejects.toThrow(
      /x\.npy: its examples are \[.*\], but the model takes \[.*\]: the axes are in another order; .*transpose/,
    );
  });
});
