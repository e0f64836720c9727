import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerCreate } from '../../../src/cli/commands/create.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { dsCnn } from '../../../src/core/models/ds-cnn.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { runCli, type Ended } from '../../support/run-cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-create-'));
});
afterEach(() => rm(folder, { recursive: true }));

const create = (...args: readonly string[]): Promise<Ended> => runCli([registerCreate], ['create', ...args]);

describe('espalier create', () => {
  it('writes initial weights that are a function of the seed alone', async () => {
    const file = join(folder, 'new', 'a.keras');
    const { code, out } = await create('ds-cnn-s', '-o', file, '--classes', '5', '--input-size', '20x8', '--seed', '4');
    expect(code).toBe(0);
    expect(out).toContain('DS-CNN-S');
    const { network } = await importModel(file);
    const expected = dsCnn({ size: 'S', classes: 5, frames: 20, coefficients: 8, seed: 4 });
    const input = Float32Array.from({ length: 160 }, (_, i) => Math.sin(i));
    expect(referenceOutputs(network, [input])[0]).toEqual(referenceOutputs(expected, [input])[0]);
    await create('ds-cnn-s', '-o', join(folder, 'b.keras'), '--classes', '5', '--input-size', '20x8', '--seed', '4');
    expect((await importModel(join(folder, 'b.keras'))).network.parameters).toEqual(network.parameters);
  });

  it('writes a TFJS layers model beside others of the same folder', async () => {
    for (const name of ['one', 'two']) await create('mnist-cnn', '-o', join(folder, `${name}.json`), '--seed', name === 'one' ? '1' : '2');
    expect((await readdir(folder)).sort()).toEqual(['one.json', 'one.weights.bin', 'two.json', 'two.weights.bin']);
    const [one, two] = await Promise.all(['one', 'two'].map(async (name) => (await importModel(join(folder, `${name}.json`))).network));
    expect(one!.parameters.get('dense/kernel')!.data).not.toEqual(two!.parameters.get('dense/kernel')!.data);
  });

  it('trains on data, and says what the result scores on the test examples', async () => {
    const data = JSON.stringify({ format: 'generated', set: 'digits', trainSize: 400, testSize: 100 });
    const { code, out } = await create('mnist-cnn', '-o', join(folder, 'm.keras'), '--data', data, '--epochs', '4', '--batch-size', '16');
    expect(code).toBe(0);
    const [, score] = /top-1 ([\d.]+)% of 100 test examples/.exec(out) ?? [];
    // Ten classes: chance is 10%.
    expect(Number(score)).toBeGreaterThan(60);
  });

  it.each([
    [['lenet', '-o', 'x.keras'], 2, /Allowed choices are ds-cnn-s/],
    [['mnist-cnn'], 2, /required option '-o/],
    [['mnist-cnn', '-o', 'x.h5'], 2, /end the name in \.keras, or in \.json/],
    [['mnist-cnn', '-o', 'x.keras', '--alpha', '0.5'], 2, /no option "alpha"/],
    [['ds-cnn-l', '-o', 'x.keras', '--input-size', '4x4x4'], 2, /such as 32 or 49x10/],
    [['ds-cnn-l', '-o', 'x.keras', '--learning-rate', '0'], 2, /above 0/],
    [['ds-cnn-l', '-o', 'x.keras', '--seed', '-1'], 2, /0 or above/],
    [
      ['mnist-cnn', '-o', 'x.keras', '--data', '{ "format": "generated", "set": "keywords", "trainSize": 20, "testSize": 20 }'],
      1,
      /model takes/,
    ],
  ] as const)('refuses %j and writes nothing', async (args, code, message) => {
    const moved = args.map((arg) => (arg.startsWith('x.') ? join(folder, arg) : arg));
    const ended = await create(...moved);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(message);
    expect(await readdir(folder)).toEqual([]);
  });
});
