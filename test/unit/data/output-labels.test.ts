import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openData } from '../../../src/core/data/open-data.ts';
import type { NpyDataSpec } from '../../../src/core/data/spec/array-specs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

/** A .npy file of version 1. */
async function save(name: string, type: '|u1' | '<i4' | '<f4', shape: readonly number[], values: readonly number[]): Promise<string> {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`.padEnd(117) + '\n';
  const data = type === '|u1' ? Uint8Array.from(values) : type === '<i4' ? Int32Array.from(values) : Float32Array.from(values);
  const start = Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0, ...Buffer.from(header, 'latin1')]);
  await writeFile(path.join(folder, name), Buffer.concat([start, Buffer.from(data.buffer)]));
  return name;
}

const inputs = await save(
  'x.npy',
  '<f4',
  [6, 4],
  Array.from({ length: 24 }, (_, i) => i),
);
const masks = await save('masks.npy', '|u1', [6, 2, 2], [0, 1, 2, 255, ...Array.from({ length: 20 }, (_, i) => i % 3)]);
const kinds = await save('kinds.npy', '<i4', [6], [0, 1, 2, 0, 1, 2]);
const sizes = await save(
  'sizes.npy',
  '<f4',
  [6, 2],
  Array.from({ length: 12 }, (_, i) => i / 2),
);
const several = await save('several.npy', '|u1', [6, 3], [1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1]);
const modelOutputs = [
  { name: 'mask', shape: [2, 2, 3] },
  { name: 'kind', shape: [3] },
  { name: 'size', shape: [2] },
];
const open = (spec: Omit<NpyDataSpec, 'format' | 'trainInputs'>, outputs = modelOutputs) =>
  openData({ format: 'npy', trainInputs: inputs, testFraction: 0.5, validation: 0, ...spec }, folder, { seed: 0, modelOutputs: outputs });

describe('labels of several outputs', () => {
  it('are found by the names of outputs, and lie one behind the other in an example', async () => {
    const { train, test } = await open({ trainLabels: { kind: kinds, mask: masks, size: sizes } });
    expect(train.target).toEqual({
      kind: 'outputs',
      outputs: [
        { name: 'kind', output: 1, target: { kind: 'classes', classes: 3, names: undefined } },
        { name: 'mask', output: 0, target: { kind: 'classMap', positions: 4, classes: 3, names: undefined } },
        { name: 'size', output: 2, target: { kind: 'regression', size: 2 } },
      ],
    });
    const sets = await Promise.all([train, test].map((set) => set.read(Uint32Array.of(0, 1, 2))));
    // Which example is where: its first input is four times its place.
    for (const { inputs: [x = new Float32Array()] = [], labels, targets } of sets) {
      for (let row = 0; row < 3; row++) {
        const place = (x[4 * row] ?? 0) / 4;
        expect(labels[5 * row]).toBe(place % 3);
        expect(Array.from(targets.subarray(2 * row, 2 * row + 2))).toEqual([place, place + 0.5]);
        if (place === 0) expect(Array.from(labels.subarray(5 * row + 1, 5 * row + 5))).toEqual([0, 1, 2, 255]);
      }
    }
  });

  it('of an output that is not there say which there are', async () => {
    await expect(open({ trainLabels: { maks: masks } })).rejects.toThrow(/no output of the model is called "maks".*did you mean "mask"/s);
  });
});

describe('labels of one output', () => {
  it('that are integers of two axes are masks, read with their examples', async () => {
    const { train } = await open({ trainLabels: masks });
    expect(train.target).toMatchObject({ kind: 'classMap', positions: 4, classes: 3 });
    expect((await train.read(Uint32Array.of(0, 1))).labels).toHaveLength(8);
  });

  it('that are rows of zeros and ones are several classes an example', async () => {
    expect((await open({ trainLabels: several }, [{ name: 'tags', shape: [3] }])).train.target).toMatchObject({
      kind: 'multiLabel',
      size: 3,
    });
    expect((await open({ trainLabels: several, task: 'regression' })).train.target).toMatchObject({ kind: 'regression', size: 3 });
  });

  it('outside the classes of the output name the mask; 255 counts for none', async () => {
    const wrong = await save('wrong.npy', '|u1', [6, 2, 2], [...Array.from({ length: 23 }, () => 0), 3]);
    await expect(open({ trainLabels: wrong })).rejects.toThrow(/mask 5 has the label 3, but classes go from 0 to 2/);
  });

  it('of one split alone are refused', async () => {
    await expect(open({ trainLabels: kinds, testInputs: inputs })).rejects.toThrow(/the test examples have none/);
    await expect(open({ testLabels: kinds, testInputs: inputs })).rejects.toThrow(/the test examples have labels/);
  });

  it('of the test examples alone are those of an autoencoder', async () => {
    const { train, test } = await open({ task: 'autoencoder', testLabels: kinds, testInputs: inputs });
    expect([train, test].map(({ target }) => target)).toMatchObject([{ kind: 'regression' }, { kind: 'regression' }]);
    const all = Uint32Array.of(0, 1, 2, 3, 4, 5);
    expect((await train.read(all)).labels).toHaveLength(0);
    expect(Array.from((await test.read(all)).labels)).toEqual([0, 1, 2, 0, 1, 2]);
  });
});
