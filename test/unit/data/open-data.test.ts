import { mkdtempSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { openData } from '../../../src/core/data/open-data.ts';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-open-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const all = (size: number): Uint32Array => Uint32Array.from({ length: size }, (_, index) => index);

function writeIdx(name: string, shape: readonly number[], values: readonly number[]): void {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  writeFileSync(join(folder, name), gzipSync(Buffer.concat([header, Buffer.from(values)])));
}

describe('IDX', () => {
  writeIdx('train-images-idx3-ubyte.gz', [4, 2, 2], [0, 51, 102, 255, ...Array.from({ length: 12 }, () => 7)]);
  writeIdx('train-labels-idx1-ubyte.gz', [4], [0, 1, 0, 1]);
  writeIdx('t10k-images-idx3-ubyte.gz', [1, 2, 2], [255, 0, 0, 0]);
  writeIdx('t10k-labels-idx1-ubyte.gz', [1], [1]);

  it('gives pixels over 255 in the shape that the model takes', async () => {
    const data = await openData({ format: 'idx', folder: '.', validation: 0 }, folder, {
      seed: 0,
      modelInputs: [{ name: 'input', shape: [2, 2] }],
    });
    expect(data.train.inputShapes).toEqual([[2, 2]]);
    const batch = await data.train.read(Uint32Array.of(0));
    expect([...batch.inputs[0]!]).toEqual([0, 51, 102, 255].map((value) => Math.fround(value / 255)));
    expect([...(await data.train.read(Uint32Array.of(3, 0))).labels]).toEqual([1, 0]);
    expect(data.validation.size).toBe(0);
  });

  it('holds validation examples back, classes in their proportions', async () => {
    const data = await openData({ format: 'idx', folder: '.', validation: 0.5 }, folder, { seed: 3 });
    expect([...(await data.train.read(all(2))).labels].sort()).toEqual([0, 1]);
    expect([...(await data.validation.read(all(2))).labels].sort()).toEqual([0, 1]);
  });

  it('names the file whose content contradicts its header', async () => {
    writeIdx('short', [4, 2, 2], [1, 2, 3]);
    await expect(openData({ format: 'idx', folder: '.', trainImages: 'short' }, folder, { seed: 0 })).rejects.toThrow(
      /short: its header promises 16 bytes of data/,
    );
    await expect(openData({ format: 'idx', folder: 'nowhere' }, folder, { seed: 0 })).rejects.toThrow(/nowhere.*no such file/);
  });
});

describe('folders of images', () => {
  const pixel = (grey: number): Buffer => {
    const image = new PNG({ width: 2, height: 1 });
    image.data.set([grey, grey, grey, 255, 0, 0, 0, 255]);
    return PNG.sync.write(image);
  };
  for (const [path, grey] of [
    ['a/1.png', 10],
    ['a/2.png', 20],
    ['b/1.png', 30],
    ['b/2.png', 40],
  ] as const) {
    mkdirSync(join(folder, 'images', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'images', path), pixel(grey));
  }
  const spec: DataSpec = { format: 'images', folder: 'images', testFraction: 0.5, validation: 0, preprocessing: { scale: 1 } };

  it('takes classes from folders and resizes to the model', async () => {
    const data = await openData(spec, folder, { seed: 0, modelInputs: [{ name: 'input', shape: [1, 2, 1] }] });
    expect(data.train.target).toEqual({ kind: 'classes', classes: 2, names: ['a', 'b'] });
    const train = await data.train.read(all(2));
    const test = await data.test.read(all(2));
    expect([...train.inputs[0]!, ...test.inputs[0]!].filter((value) => value > 0).sort()).toEqual([10, 20, 30, 40]);
  });

  it('names a corrupt image, or leaves it out with a warning', async () => {
    mkdirSync(join(folder, 'damaged'), { recursive: true });
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, 'damaged', name), { recursive: true });
      for (const n of [1, 2]) writeFileSync(join(folder, 'damaged', name, `${n}.png`), pixel(9));
    }
    writeFileSync(join(folder, 'damaged/a/3.png'), pixel(9).subarray(0, 40));
    const damaged: DataSpec = { ...spec, folder: 'damaged', testFraction: 0 };
    const options = { seed: 0, modelInputs: [{ name: 'input', shape: [1, 2, 1] }] };
    const data = await openData(damaged, folder, options);
    await expect(data.train.read(all(5))).rejects.toThrow(/damaged\/a\/3\.png: the image cannot be decoded/);
    const warnings: string[] = [];
    const kept = await openData({ ...damaged, unreadable: 'skip' }, folder, { ...options, onWarning: (message) => warnings.push(message) });
    expect(kept.train.size).toBe(4);
    expect(warnings).toHaveLength(1);
  });

  it('refuses an empty folder', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(openData({ format: 'images', folder: 'empty' }, folder, { seed: 0 })).rejects.toThrow(
      /holds no .jpg or .jpeg or .jfif or .png file/,
    );
  });
});

describe('tables', () => {
  writeFileSync(join(folder, 'table.csv'), 'size,colour,price,kind\n1,red,10,y\n2,"blue",20,x\n,red,30,x\n4,blue,40,y\n');

  it('takes numeric columns, encodes names one-hot and leaves out rows with missing cells', async () => {
    const warnings: string[] = [];
    const data = await openData(
      {
        format: 'csv',
        file: 'table.csv',
        target: 'kind',
        features: ['size', 'colour'],
        categorical: ['colour'],
        testFraction: 0,
        validation: 0,
      },
      folder,
      { seed: 0, onWarning: (message) => warnings.push(message) },
    );
    expect([...(await data.train.read(all(3))).inputs[0]!]).toEqual([1, 0, 1, 2, 1, 0, 4, 1, 0]);
    expect([...(await data.train.read(all(3))).labels]).toEqual([1, 0, 1]);
    expect(warnings).toEqual([expect.stringContaining('1 of 4 rows')]);
  });

  it('predicts numbers, and normalises by the training examples', async () => {
    const data = await openData(
      {
        format: 'csv',
        file: 'table.csv',
        target: 'price',
        task: 'regression',
        missing: 'mean',
        testFraction: 0,
        validation: 0,
        preprocessing: { normalise: 'training' },
      },
      folder,
      { seed: 0 },
    );
    const batch = await data.train.read(all(4));
    expect([...batch.targets]).toEqual([10, 20, 30, 40]);
    expect(batch.inputs[0]!.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
    expect(batch.inputs[0]!.reduce((sum, value) => sum + value * value, 0) / 4).toBeCloseTo(1, 5);
  });

  it('says which columns there are', async () => {
    await expect(openData({ format: 'csv', file: 'table.csv', target: 'weight' }, folder, { seed: 0 })).rejects.toThrow(
      /no column "weight".*size, colour, price, kind/,
    );
  });
});

describe('generated sets', () => {
  it.each(['digits', 'keywords', 'table', 'shapes'] as const)('%s are a function of the seed', async (set) => {
    const read = async (generatorSeed: number): Promise<Float32Array> => {
      const data = await openData({ format: 'generated', set, trainSize: 24, testSize: 12, generatorSeed }, folder, { seed: 0 });
      return (await data.train.read(Uint32Array.of(3, 5))).inputs[0]!;
    };
    expect(await read(1)).toEqual(await read(1));
    expect(await read(1)).not.toEqual(await read(2));
  });

  it('are learnable but not trivial: a digit is nearest to its class mean most of the time', async () => {
    const data = await openData({ format: 'generated', set: 'digits', trainSize: 500, testSize: 200, validation: 0 }, folder, { seed: 0 });
    const train = await data.train.read(all(500));
    const test = await data.test.read(all(200));
    const means = Array.from({ length: 10 }, (_, digit) => {
      const members = [...all(500)].filter((index) => train.labels[index] === digit);
      return Float32Array.from(
        { length: 784 },
        (__, pixel) => members.reduce((sum, index) => sum + (train.inputs[0]![index * 784 + pixel] ?? 0), 0) / members.length,
      );
    });
    const distance = (mean: Float32Array, index: number): number =>
      mean.reduce((sum, value, pixel) => sum + (value - (test.inputs[0]![index * 784 + pixel] ?? 0)) ** 2, 0);
    const correct = [...all(200)].filter((index) => {
      const distances = means.map((mean) => distance(mean, index));
      return distances.indexOf(Math.min(...distances)) === test.labels[index];
    }).length;
    expect(correct / 200).toBeGreaterThan(0.5);
    expect(correct / 200).toBeLessThan(1);
  });
});

it('augments as a function of seed, epoch and example, and only in training', async () => {
  const spec: DataSpec = { format: 'generated', set: 'digits', trainSize: 20, testSize: 10, augmentation: { shift: 3, noise: 0.01 } };
  const data = await openData(spec, folder, { seed: 4 });
  const read = async (indices: number[], epoch?: number): Promise<Float32Array> =>
    (await data.train.read(Uint32Array.from(indices), epoch)).inputs[0]!;
  expect(await read([2], 1)).toEqual((await read([5, 2], 1)).subarray(784));
  expect(await read([2], 1)).not.toEqual(await read([2], 2));
  expect(await read([2])).toEqual(await read([2]));
  expect(await read([2])).not.toEqual(await read([2], 1));
});
