import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import type { DataSplits } from '../../../src/core/data/dataset.ts';
import { listDataFiles } from '../../../src/core/data/list-data-files.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import type { CsvDataSpec } from '../../../src/core/data/spec/csv-spec.ts';
import type { ImageDataSpec } from '../../../src/core/data/spec/image-spec.ts';
import type { RawDataSpec } from '../../../src/core/data/spec/raw-spec.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

function save(name: string, content: string | Uint8Array): string {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), content);
  return name;
}

/** A grey image 1x1. */
function savePixel(name: string, value: number): void {
  const png = new PNG({ width: 1, height: 1 });
  png.data.set([value, value, value, 255]);
  save(name, PNG.sync.write(png, { colorType: 0, bitDepth: 8 }));
}

const modelOutputs = [
  { name: 'kind', shape: [2] },
  { name: 'box', shape: [2] },
];
const implied = { kind: 'regression', isImplied: true };

describe('columns of a table as labels', () => {
  save('table.csv', 'a,b,kind,x,y\n1,2,cat,0.5,1\n3,4,dog,1.5,2\n5,6,cat,2.5,3\n7,8,dog,3.5,4\n');
  const open = (spec: Partial<CsvDataSpec>, outputs = modelOutputs): Promise<DataSplits> =>
    openData({ format: 'csv', file: 'table.csv', testFraction: 0.5, validation: 0, ...spec }, folder, { seed: 0, modelOutputs: outputs });

  it('are of several outputs by their names; other columns are features', async () => {
    const { train, test } = await open({ target: { box: ['x', 'y'], kind: 'kind' } });
    expect(train.target).toEqual({
      kind: 'outputs',
      outputs: [
        { name: 'box', output: 1, target: { kind: 'regression', size: 2 } },
        { name: 'kind', output: 0, target: { kind: 'classes', classes: 2, names: ['cat', 'dog'] } },
      ],
    });
    const rows: string[] = [];
    for (const set of [train, test]) {
      const { inputs, labels, targets } = await set.read(Uint32Array.of(0, 1));
      for (const row of [0, 1])
        rows.push([...inputs[0]!.subarray(2 * row, 2 * row + 2), labels[row], ...targets.subarray(2 * row, 2 * row + 2)].join(' '));
    }
    expect(rows.sort()).toEqual(['1 2 0 0.5 1', '3 4 1 1.5 2', '5 6 0 2.5 3', '7 8 1 3.5 4']);
  });

  it.each([
    ['names', { target: 'kind' }, { kind: 'classes', classes: 2, names: ['cat', 'dog'] }],
    ['fractions', { target: 'x' }, { kind: 'regression', size: 1 }],
    ['several numbers', { target: ['x', 'y'] }, { kind: 'regression', size: 2 }],
    ['whole numbers', { target: 'y' }, { kind: 'classes', classes: 4, names: ['1', '2', '3', '4'] }],
    ['no column', {}, implied],
  ])('say what is to be predicted: %s', async (_, spec, target) => {
    expect((await open(spec)).train.target).toMatchObject(target);
  });

  it('of whole numbers are regression where the output is one number, and classes where the task says so', async () => {
    const single = [{ name: 'age', shape: [1] }];
    expect((await open({ target: 'y' }, single)).train.target).toEqual({ kind: 'regression', size: 1 });
    expect((await open({ target: 'y', task: 'classes' }, single)).train.target).toMatchObject({ kind: 'classes', classes: 4 });
  });

  it('of zeros and ones are several labels', async () => {
    save('tags.csv', 'a,red,round\n0.1,1,0\n0.2,1,1\n0.3,0,0\n0.4,0,1\n');
    const { train } = await open({ file: 'tags.csv', target: ['red', 'round'] });
    expect(train.target).toEqual({ kind: 'multiLabel', size: 2, names: ['red', 'round'] });
    await expect(open({ target: ['x', 'y'], task: 'multiLabel' })).rejects.toThrow(/x, y do not hold zeros and ones/);
    await expect(open({ target: ['x', 'y'], task: 'classes' })).rejects.toThrow(/classes are one column, but 2 are named/);
    await expect(open({ target: { hat: 'x' } })).rejects.toThrow(/no output of the model is called "hat"/);
  });
});

describe('images with a table', () => {
  for (let i = 1; i <= 4; i++) savePixel(`pictures/${i > 2 ? 'b' : 'a'}/${i}.png`, 50 * i);
  const spec: ImageDataSpec = {
    format: 'images',
    folder: 'pictures',
    testFraction: 0.5,
    validation: 0,
    preprocessing: { resize: [1, 1], scale: 1 },
    labels: { file: 'labels.csv' },
  };
  const open = (changed: Partial<ImageDataSpec> = {}, outputs = modelOutputs, warnings: string[] = []): Promise<DataSplits> =>
    openData({ ...spec, ...changed }, folder, {
      seed: 0,
      modelInputs: [{ name: 'in', shape: [1, 1, 1] }],
      modelOutputs: outputs,
      onWarning: (message) => warnings.push(message),
    });
  /** The value of the pixel by what it is labelled. */
  const pairs = async ({ train, test }: DataSplits): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const set of [train, test]) {
      const { inputs, targets, labels, size } = await set.read(Uint32Array.from({ length: set.size }, (_, index) => index));
      for (let row = 0; row < size; row++) found.push(`${inputs[0]![row]}: ${targets[row] ?? labels[row]}`);
    }
    return found.sort();
  };

  it('have numbers to predict from the columns beside the names of files', async () => {
    save('labels.csv', 'file,angle\na/1.png,0.25\n./a/2.png,0.5\n3.png,0.75\n4,1\n');
    const warnings: string[] = [];
    const data = await open({}, [{ name: 'angle', shape: [1] }], warnings);
    expect(data.train.target).toEqual({ kind: 'regression', size: 1 });
    expect(await pairs(data)).toEqual(['100: 0.5', '150: 0.75', '200: 1', '50: 0.25']);
    expect(warnings).toEqual([]);
    expect((await listDataFiles(spec, folder)).files.map(({ name }) => name)).toEqual(expect.arrayContaining(['labels.file']));
  });

  it('have classes in the order of the data spec, and lose those without a line', async () => {
    save('kinds.csv', 'name;id\ndog;1\ncat;2\ndog;3\n');
    const labels = { file: 'kinds.csv', separator: ';', fileColumn: 'id', target: 'name' };
    const warnings: string[] = [];
    const data = await open({ labels, classes: ['dog', 'cat'] }, [{ name: 'kind', shape: [2] }], warnings);
    expect(data.train.target).toEqual({ kind: 'classes', classes: 2, names: ['dog', 'cat'] });
    expect(await pairs(data)).toEqual(['100: 1', '150: 0', '50: 0']);
    expect(warnings.join()).toMatch(/1 of 4 images left out/);
  });

  it('name lines that are of two images, images of two lines, and tables of other files', async () => {
    savePixel('twins/a/1.png', 1);
    savePixel('twins/b/1.png', 2);
    save('twins.csv', 'file,angle\n1.png,0.25\n');
    await expect(open({ folder: 'twins', labels: { file: 'twins.csv' } })).rejects.toThrow(
      /line 2 is of two images, "a\/1.png" and "b\/1.png"/,
    );
    save('twice.csv', 'file,angle\na/1.png,0.25\na/1.png,0.5\n');
    await expect(open({ labels: { file: 'twice.csv' } })).rejects.toThrow(/lines 2 and 3 are both of "a\/1.png"/);
    save('others.csv', 'angle,file\n0.5,a/1.png\n');
    await expect(open({ labels: { file: 'others.csv' } })).rejects.toThrow(/none of its 1 lines is of an image.*fileColumn/s);
  });
});

describe('data without labels', () => {
  it('are images in no folder of a class, with folders for their splits or without', async () => {
    for (let i = 1; i <= 4; i++) savePixel(`plain/${i}.png`, i);
    savePixel('split/train/1.png', 1);
    savePixel('split/test/2.png', 2);
    for (const [name, sizes] of [
      ['plain', [2, 2]],
      ['split', [1, 1]],
    ] as const) {
      const data = await openData({ format: 'images', folder: name, testFraction: 0.5, validation: 0 }, folder, {
        seed: 0,
        modelInputs: [{ name: 'in', shape: [1, 1, 1] }],
      });
      expect([data.train.size, data.test.size]).toEqual(sizes);
      expect(data.train.target).toMatchObject(implied);
      expect((await listDataFiles({ format: 'images', folder: name }, folder)).files).toHaveLength(name === 'plain' ? 4 : 2);
    }
  });

  it('are any whose labels are not read', async () => {
    const idx = (rank: number, dimensions: readonly number[], values: readonly number[]): Uint8Array =>
      Uint8Array.from([0, 0, 8, rank, ...dimensions.flatMap((size) => [0, 0, 0, size]), ...values]);
    save('idx/train-images-idx3-ubyte', idx(3, [4, 1, 1], [1, 2, 3, 4]));
    const raw: RawDataSpec = {
      format: 'raw',
      shape: [2],
      type: 'uint8',
      train: { inputs: save('x.raw', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)) },
    };
    const options = { seed: 0 };
    const opened = [
      await openData({ format: 'idx', folder: 'idx', labelled: false }, folder, options),
      await openData(raw, folder, options),
      await openData({ format: 'csv', file: 'table.csv', target: 'kind', features: ['a', 'b'], labelled: false }, folder, options),
      await openData({ format: 'generated', set: 'digits', trainSize: 4, testSize: 2, labelled: false }, folder, options),
      await openData({ format: 'images', folder: 'pictures', labelled: false, preprocessing: { resize: [1, 1] } }, folder, options),
    ];
    for (const { train, test } of opened) {
      expect(train.target).toMatchObject(implied);
      expect(test.size).toBeGreaterThan(0);
      expect((await train.read(Uint32Array.of(0))).labels).toHaveLength(0);
    }
    await expect(openData({ ...raw, shape: [3] }, folder, options)).rejects.toThrow(
      /8 bytes, which are not a number of uint8 \[3\] of 3 bytes/,
    );
  });

  it('of raw tensors have columns to predict as tables have', async () => {
    save('raw.csv', 'id,angle,kind\n0,0.5,a\n1,1.5,b\n2,2.5,a\n3,3.5,b\n');
    const spec: RawDataSpec = {
      format: 'raw',
      shape: [2],
      type: 'uint8',
      train: { inputs: 'x.raw', labels: 'raw.csv' },
      validation: 0,
      testFraction: 0.5,
    };
    const { train } = await openData({ ...spec, target: { kind: 'kind', angle: 'angle' } }, folder, { seed: 0 });
    expect(train.target).toMatchObject({
      outputs: [
        { name: 'kind', target: { kind: 'classes' } },
        { name: 'angle', target: { size: 1 } },
      ],
    });
    await expect(openData(spec, folder, { seed: 0 })).rejects.toThrow(/neither "labelColumn" nor "target"/);
  });
});
