import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openData } from '../../../src/core/data/open-data.ts';

const root = process.env['ESPALIER_TEST_DATA'];

describe('published data sets', () => {
  it.skipIf(root === undefined)('MNIST: 54,000 + 6,000 + 10,000, test labels start 7, 2, 1, 0, 4', async () => {
    const data = await openData({ format: 'idx', folder: 'mnist' }, root ?? '', {
      seed: 0,
      modelInputs: [{ name: 'input', shape: [28, 28, 1] }],
    });
    expect([data.train.size, data.validation.size, data.test.size]).toEqual([54_000, 6_000, 10_000]);
    expect([...(await data.test.read(Uint32Array.of(0, 1, 2, 3, 4))).labels]).toEqual([7, 2, 1, 0, 4]);
  });

  it.skipIf(root === undefined)('keyword spotting codes: float is (code - 83) * 0.5847029', async () => {
    const files = { inputs: 'mfcc_1000x49x10.i8', labels: 'y_labels.csv' };
    const scale = 0.5847029;
    const data = await openData(
      { format: 'raw', test: files, shape: [49, 10, 1], type: 'int8', labelColumn: 2, preprocessing: { scale, offset: -83 * scale } },
      join(root ?? '', 'kws01'),
      { seed: 0 },
    );
    expect([data.train.size, data.test.size]).toEqual([0, 1000]);
    expect(data.test.target).toMatchObject({ classes: 12 });
    const {
      inputs: [inputs = new Float32Array(0)],
      labels,
    } = await data.test.read(Uint32Array.of(0));
    expect(labels[0]).toBe(7);
    expect(inputs.every((value) => Math.abs(value / scale + 83 - Math.round(value / scale + 83)) < 1e-4)).toBe(true);
  });

  it.skipIf(root === undefined)('spoken digits from their archive, official test set, as 49x10 features', async () => {
    const data = await openData(
      {
        format: 'audio',
        folder: 'fsdd_recordings.tar.gz',
        pattern: '<class>_<speaker>_<n>.wav',
        testWhere: { field: 'n', values: ['0', '1', '2', '3', '4'] },
      },
      join(root ?? '', 'fsdd'),
      { seed: 0, modelInputs: [{ name: 'input', shape: [49, 10, 1] }] },
    );
    expect([data.train.size + data.validation.size, data.test.size]).toEqual([2700, 300]);
    const {
      inputs: [inputs = new Float32Array(0)],
    } = await data.test.read(Uint32Array.of(0, 150, 299));
    expect(inputs.every(Number.isFinite)).toBe(true);
  });

  it.skipIf(root === undefined)(
    'CIFAR-10: binary records (a frog first, pixel 59, 62, 63) and an archive of JPEG files by class',
    async () => {
      const folder = join(root ?? '', 'cifar10');
      const binary = await openData(
        { format: 'cifar-binary', train: ['cifar10_train_0_3999.bin.gz'], validation: 0, testFraction: 0 },
        folder,
        { seed: 0 },
      );
      expect(binary.train.size).toBe(4000);
      expect(binary.train.target).toMatchObject({ classes: 10 });
      const jpeg = await openData({ format: 'images', train: 'cifar10_jpg_test.tar.gz', testFraction: 0.5, validation: 0 }, folder, {
        seed: 0,
        modelInputs: [{ name: 'input', shape: [32, 32, 3] }],
      });
      expect([jpeg.train.size, jpeg.test.size]).toEqual([5000, 5000]);
      expect((await jpeg.test.read(Uint32Array.of(0, 4999))).labels).toEqual(Int32Array.of(0, 9));
      const first = await binary.train.read(Uint32Array.of(0));
      expect(first.labels[0]).toBe(6);
      expect([...first.inputs[0]!.subarray(0, 3)]).toEqual([59, 62, 63].map((value) => Math.fround(value / 255)));
    },
  );
});
