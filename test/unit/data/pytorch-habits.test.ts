/** Data as PyTorch's users keep and prepare them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openData } from '../../../src/core/data/open-data.ts';
import { createPipeline } from '../../../src/core/data/preprocessing/create-pipeline.ts';
import type { InputPreprocessing } from '../../../src/core/data/preprocessing/preprocessing.ts';
import { npyFile } from '../fixtures/npy.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-pytorch-'));
  const shades = { cat: 10, dog: 200 };
  for (const [split, count] of [
    ['train', 10],
    ['val', 4],
  ] as const) {
    for (const [kind, shade] of Object.entries(shades)) {
      for (let i = 0; i < count; i++) {
        const file = join(folder, 'pets', split, kind, `${i}.png`);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(
          file,
          grey(4, 4, () => shade),
        );
      }
    }
  }
});
afterAll(() => rm(folder, { recursive: true }));

function grey(width: number, height: number, shade: (x: number, y: number) => number): Uint8Array {
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    const value = shade(i % width, Math.floor(i / width));
    image.data.set([value, value, value, 255], i * 4);
  }
  return PNG.sync.write(image);
}

describe('normalisation by name', () => {
  it('is ImageNet’s mean and deviation of values from 0 to 1', async () => {
    const { train } = await openData({ format: 'images', folder: 'pets', preprocessing: { normalise: 'imagenet' } }, folder, {
      seed: 0,
      modelInputs: [{ name: 'x', shape: [4, 4, 3] }],
    });
    const { inputs, labels } = await train.read(Uint32Array.of(0));
    const shade = labels?.[0] === 0 ? 10 : 200;
    const expected = [(shade / 255 - 0.485) / 0.229, (shade / 255 - 0.456) / 0.224, (shade / 255 - 0.406) / 0.225];
    expected.forEach((value, channel) => expect(inputs[0]![channel]).toBeCloseTo(value, 5));
  });
});

describe('folders as torchvision has them', () => {
  it('train and val: val is the test set, classes are sorted, and that is said', async () => {
    const warnings: string[] = [];
    const { train, validation, test } = await openData({ format: 'images', folder: 'pets', validation: 0.2 }, folder, {
      seed: 0,
      modelInputs: [{ name: 'x', shape: [4, 4, 3] }],
      onWarning: (message) => warnings.push(message),
    });
    expect([train.size, validation.size, test.size]).toEqual([16, 4, 8]);
    expect(test.target).toEqual({ kind: 'classes', classes: 2, names: ['cat', 'dog'] });
    expect(warnings).toEqual([
      'pets: it has no test folder, so its validation folder is the test set, and validation is held back from the training examples',
    ]);
  });

  it.each(['', 'train/', 'archive/pets/train/'])(
    'folders within "%scat" belong to the class, in any case of the extension',
    async (root) => {
      const place = join(folder, `nested${root.length}`);
      const shades = { 'cat/old/a.PNG': 10, 'cat/old/far/b.png': 20, 'dog/c.png': 30, 'dog/young/d.Png': 40 };
      for (const [name, shade] of Object.entries(shades)) {
        await mkdir(dirname(join(place, root, name)), { recursive: true });
        await writeFile(
          join(place, root, name),
          grey(4, 4, () => shade),
        );
      }
      const warnings: string[] = [];
      const { train, test } = await openData({ format: 'images', folder: place, validation: 0, preprocessing: { scale: 1 } }, folder, {
        seed: 0,
        modelInputs: [{ name: 'x', shape: [4, 4, 3] }],
        onWarning: (message) => warnings.push(message),
      });
      expect(train.target).toEqual({ kind: 'classes', classes: 2, names: ['cat', 'dog'] });
      const found: (readonly number[])[] = [];
      for (const part of [train, test]) {
        const { inputs, labels } = await part.read(Uint32Array.from({ length: part.size }, (_, i) => i));
        found.push(...Array.from(labels ?? [], (label, i) => [inputs[0]![i * 48]!, label]));
      }
      expect(found.sort(([a = 0], [b = 0]) => a - b)).toEqual([
        [10, 0],
        [20, 0],
        [30, 1],
        [40, 1],
      ]);
      expect(warnings.join('\n')).toContain('3 files');
    },
  );

  it('class_to_idx gives the order of the classes', async () => {
    const open = (classes: Readonly<Record<string, number>>): ReturnType<typeof openData> =>
      openData({ format: 'images', folder: 'pets', classes }, folder, { seed: 0, modelInputs: [{ name: 'x', shape: [4, 4, 3] }] });
    expect((await open({ cat: 1, dog: 0 })).test.target).toMatchObject({ names: ['dog', 'cat'] });
    await expect(open({ cat: 1, dog: 2 })).rejects.toThrow('its indices are 1, 2, not 0 to 1');
  });
});

describe('resize, then crop', () => {
  const fitted = (width: number, height: number, size: readonly [number, number], preprocessing: InputPreprocessing = {}): Float32Array => {
    const pipeline = createPipeline('image', {
      name: 'images',
      shape: undefined,
      preprocessing: { scale: 1, resize: size, fit: 'resizeThenCrop', ...preprocessing },
      normalisation: undefined,
      augmentation: {},
      modelInputShape: [...size, 1],
    });
    const output = new Float32Array(size[0] * size[1]);
    // Each pixel tells its column.
    const data = Uint8Array.from({ length: width * height }, (_, i) => (i % width) * 8);
    pipeline.finish(pipeline.prepare({ kind: 'image', shape: [height, width, 1], data }), output, 0, undefined);
    return output;
  };

  it('cuts the centre out of the resized image; half offsets go to the even one, as Python rounds', () => {
    // Nothing to resize: 9 columns to 4 leave 5, of which 2 are cut off in front.
    expect([...fitted(9, 6, [4, 4], { shorterSide: 6 })].slice(0, 4)).toEqual([16, 24, 32, 40]);
    // 11 columns to 4 leave 7: 3.5 becomes 4.
    expect([...fitted(11, 6, [4, 4], { shorterSide: 6 })].slice(0, 4)).toEqual([32, 40, 48, 56]);
  });

  it('resizes the shorter side, and rounds the longer one down', () => {
    // 20 x 8 to a shorter side of 4: the width becomes 10, of which columns 3 to 6 are kept, each the mean of about two.
    const row = [...fitted(20, 8, [4, 4], { shorterSide: 4 })].slice(0, 4);
    expect(row).toEqual([52, 68, 84, 100]);
  });

  it('takes 256 for 224', () => {
    const small = createPipeline('image', {
      name: 'images',
      shape: undefined,
      preprocessing: { scale: 1, resize: [14, 14], fit: 'resizeThenCrop' },
      normalisation: undefined,
      augmentation: {},
      modelInputShape: [14, 14, 1],
    });
    // 16 pixels need no resizing for a crop of 14: one is cut off on each side.
    const output = new Float32Array(196);
    small.finish(
      small.prepare({ kind: 'image', shape: [16, 16, 1], data: Uint8Array.from({ length: 256 }, (_, i) => i % 16) }),
      output,
      0,
      undefined,
    );
    expect([...output.subarray(0, 14)]).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
  });

  it('refuses a shorter side that is less than what the model takes', () => {
    expect(() => fitted(20, 8, [4, 4], { shorterSide: 3 })).toThrow(/raise "preprocessing.shorterSide"/);
  });
});

describe('channels-first arrays', () => {
  it('are read channels-last for a model that takes them so', async () => {
    const values = Float32Array.from({ length: 2 * 3 * 2 * 2 }, (_, i) => i);
    await writeFile(join(folder, 'x.npy'), npyFile([2, 3, 2, 2], values));
    await writeFile(join(folder, 'y.npy'), npyFile([2], Int32Array.of(0, 1)));
    const { train } = await openData(
      { format: 'npy', trainInputs: 'x.npy', trainLabels: 'y.npy', testFraction: 0, validation: 0 },
      folder,
      {
        seed: 0,
        modelInputs: [{ name: 'x', shape: [2, 2, 3] }],
      },
    );
    const { inputs, labels } = await train.read(Uint32Array.of(0));
    const first = 12 * (labels?.[0] ?? 0);
    expect([...inputs[0]!].map((value) => value - first)).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
  });
});
