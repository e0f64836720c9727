import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSplits } from '../../../src/core/data/dataset.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import { npyFile } from '../fixtures/npy.ts';

/** The second as TensorFlow's converter calls it. */
const modelInputs = [
  { name: 'image', shape: [2, 2, 1] },
  { name: 'serving_default_age:0', shape: [1] },
];
/** Of example i the pixels are all 10 * i and the age is i, so that a mixed-up pair shows. */
const size = 10;
const images = Uint8Array.from({ length: size * 4 }, (_, i) => 10 * Math.floor(i / 4));
const ages = Float32Array.from({ length: size }, (_, i) => i);
const labels = Int32Array.from({ length: size }, (_, i) => i % 2);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-inputs-'));
  const [image, age, y] = [npyFile([size, 2, 2], images), npyFile([size, 1], ages), npyFile([size], labels)];
  await writeFile(join(folder, 'named.npz'), zipSync({ 'image.npy': image, 'age.npy': age, 'y_train.npy': y }));
  await writeFile(join(folder, 'unlabelled.npz'), zipSync({ 'image.npy': image, 'age.npy': age }));
  await writeFile(join(folder, 'image.npy'), image);
  await writeFile(join(folder, 'age.npy'), age);
  await writeFile(join(folder, 'few.npy'), npyFile([3, 1], ages.subarray(0, 3)));
  await writeFile(join(folder, 'y.npy'), y);
  await writeFile(join(folder, 'image.u8'), images);
  await writeFile(join(folder, 'age.f32'), new Uint8Array(ages.buffer));
  await writeFile(join(folder, 'y.csv'), [...labels].join('\n'));
  const rows = Array.from({ length: size }, (_, i) => [...Array.from({ length: 4 }, () => 10 * i), i === 3 ? '' : i, labels[i]].join(','));
  await writeFile(join(folder, 'table.csv'), ['p,q,r,s,age,kind', ...rows].join('\n'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (spec: DataSpec): Promise<DataSplits> => openData({ validation: 0.25, ...spec }, folder, { seed: 1, modelInputs });

const scale = { preprocessing: { inputs: { image: { scale: 0.1 } } } };
const raw: DataSpec = {
  format: 'raw',
  train: { inputs: { image: 'image.u8', age: 'age.f32' }, labels: 'y.csv' },
  shape: { image: [2, 2], age: [1] },
  type: { image: 'uint8', age: 'float32' },
  labelColumn: 0,
};

describe('data of a model with several inputs', () => {
  it.each<[string, DataSpec, number]>([
    ['npz, its arrays called as the inputs are', { format: 'npz', file: 'named.npz', ...scale }, size],
    ['npz, arrays named by the input', { format: 'npz', file: 'named.npz', trainInputs: { age: 'age', image: 'image' }, ...scale }, size],
    ['npy', { format: 'npy', trainInputs: { image: 'image.npy', age: 'age.npy' }, trainLabels: 'y.npy', ...scale }, size],
    ['raw tensors', { ...raw, ...scale }, size],
    [
      'columns of a table, rows with a missing cell of either left out',
      { format: 'csv', file: 'table.csv', target: 'kind', features: { image: ['p', 'q', 'r', 's'], age: ['age'] }, ...scale },
      size - 1,
    ],
  ])('%s: an example keeps its inputs and its label together in every split', async (_, spec, count) => {
    const data = await open(spec);
    expect(data.train.size + data.validation.size + data.test.size).toBe(count);
    for (const split of [data.train, data.validation, data.test]) {
      expect(split.size).toBeGreaterThan(0);
      expect(split.inputShapes).toEqual([[2, 2, 1], [1]]);
      const batch = await split.read(Uint32Array.from({ length: split.size }, (__, i) => i));
      expect(batch.inputs.map((values) => values.length)).toEqual([split.size * 4, split.size]);
      batch.labels.forEach((label, i) => {
        const age = batch.inputs[1]?.[i] ?? NaN;
        expect(label).toBe(age % 2);
        // `scale` is the image's alone.
        expect(batch.inputs[0]?.[i * 4 + 3]).toBeCloseTo(age, 5);
      });
    }
  });

  it('counts the inputs of an example without labels as its target, as an autoencoder has it', async () => {
    const { train } = await open({ format: 'npz', file: 'unlabelled.npz', ...scale });
    expect(train.target).toEqual({ kind: 'regression', size: 5, isInput: true, isImplied: true });
    const { targets, inputs } = await train.read(Uint32Array.of(0, 1));
    const [pixel, age] = inputs.map((values) => values[values.length - 1]);
    expect([...targets.subarray(5)]).toEqual([pixel, pixel, pixel, pixel, age]);
  });

  it.each<[string, DataSpec, RegExp]>([
    [
      'one entry for all inputs',
      { format: 'npz', file: 'named.npz', trainInputs: 'image' },
      /data\.trainInputs: "trainInputs" has one entry for all, but the model takes 2 inputs: image \[2, 2, 1\], age \[1\]; give an entry by each input's name: { "image": …, "age": … }/,
    ],
    [
      'a name that is no input',
      { format: 'npy', trainInputs: { image: 'image.npy', years: 'age.npy' } },
      /data\.trainInputs: no input of the model is called "years"; its inputs are "image", "age"/,
    ],
    ['an input without an entry', { format: 'npy', trainInputs: { image: 'image.npy' } }, /data\.trainInputs: it has no entry for "age"/],
    [
      'no features of a table',
      { format: 'csv', file: 'table.csv', target: 'kind' },
      /data\.features: there is no "features", but the model/,
    ],
    [
      'an array that is not there',
      { format: 'npz', file: 'named.npz', trainInputs: { image: 'image', age: 'years' } },
      /named\.npz: it has no array "years"; set "trainInputs" to one of image, age, y_train/,
    ],
    [
      'inputs of different length',
      { format: 'npy', trainInputs: { image: 'image.npy', age: 'few.npy' } },
      /"image" has \d+ examples, but "age" has \d; store the inputs of the same examples/,
    ],
    [
      'another shape',
      { ...raw, shape: { image: [1], age: [1] }, type: { image: 'uint8', age: 'float32' } },
      /image\.u8: it has 40 bytes, but 10 labels of uint8 \[1\] take 10/,
    ],
    [
      'preprocessing of no input',
      { ...raw, preprocessing: { inputs: { img: { scale: 2 } } } },
      /preprocessing\.inputs: no input of the model/,
    ],
    [
      'a format that feeds one input',
      { format: 'generated', set: 'digits' },
      /data of the format "generated" feed one input, but the model takes 2: image \[2, 2, 1\], age \[1\]; store the examples .* "npz"/,
    ],
  ])('refuses %s, and says what the model takes', async (_, spec, message) => {
    const error: unknown = await open(spec).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringMatching(message) });
  });

  it('takes an entry by name for a model of one input as well', async () => {
    const spec: DataSpec = { format: 'npz', file: 'named.npz', trainInputs: { age: 'age' } };
    const { train } = await openData(spec, folder, { seed: 1, modelInputs: [{ name: 'age', shape: [1] }] });
    expect(train.inputShapes).toEqual([[1]]);
    const other = openData({ ...spec, trainInputs: { years: 'age' } }, folder, { seed: 1, modelInputs: [{ name: 'age', shape: [1] }] });
    await expect(other).rejects.toThrow(/no input of the model is called "years"; its inputs are "age"/);
  });
});
