import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerCertify } from '../../../src/cli/commands/certify.ts';
import { registerConvert } from '../../../src/cli/commands/convert.ts';
import { registerEvaluate } from '../../../src/cli/commands/evaluate.ts';
import { registerInspect } from '../../../src/cli/commands/inspect.ts';
import { registerOptimize } from '../../../src/cli/commands/optimize.ts';
import { CommandFailure } from '../../../src/cli/program.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { npyFile } from '../fixtures/npy.ts';
import { runCli, type Ended } from '../../support/run-cli.ts';

const digits = JSON.stringify({ format: 'generated', set: 'digits', trainSize: 120, testSize: 20 });

let folder: string;
let model: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-cli-'));
  model = join(folder, 'model.tflite');
  await writeFile(model, writeTflite({ kind: 'float', network: prepareForDeployment(mnistCnn({ seed: 1 })) }));
});
afterEach(() => rm(folder, { recursive: true }));

/** Commands that end as no real one does here. */
function registerFailing(program: Command): void {
  program.command('miss').action(() => Promise.reject(new CommandFailure('no leaf meets the targets', 3)));
  program.command('bug').action(() => Promise.reject(new TypeError('x is undefined')));
}

const espalier = (...args: readonly string[]): Promise<Ended> =>
  runCli([registerInspect, registerConvert, registerEvaluate, registerCertify, registerOptimize, registerFailing], args);

describe('espalier', () => {
  it('exits 0 for help and version, which go to standard output', async () => {
    expect(await espalier('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' });
    expect(await espalier('convert', '--help')).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    [[]],
    [['nonsense']],
    [['inspect']],
    [['inspect', 'a', '--nonsense']],
    [['convert', 'a', '-o', 'b', '--mode', 'int3']],
    [['certify', 'a', '--sparsity', '1']],
    [['certify', 'a', '--group', '4:2']],
    [['optimize', 'a', '-o', 'b', '--data', '{}', '--steps', 'prune=2']],
    [['optimize', 'a', '-o', 'b', '--data', '{}', '--steps', 'prune=0.5', '--set', 'cluster.weighting=fisher']],
  ])('exits 2 for wrong usage: %j', async (args) => {
    const { code, out, err } = await espalier(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toBe('');
  });

  it('refuses rules for layers beside a budget, which it would leave out', async () => {
    const rules = 'layers=[{"pattern":"dense","sparsity":0.8}]';
    const { code, err } = await espalier('optimize', 'a', '-o', 'b', '--data', '{}', '--max-bytes', '60kB', '--set', rules);
    expect([code, err]).toEqual([2, expect.stringContaining('--set: layers contradict a budget')]);
  });

  it('exits 1 with the message alone, and a stack only when asked', async () => {
    const { code, out, err } = await espalier('inspect', join(folder, 'missing.h5'));
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(`error: ${join(folder, 'missing.h5')}: does not exist; check the path\n`);
    expect((await espalier('--verbose', 'inspect', join(folder, 'missing.h5'))).err).toMatch(/\n {4}at /);
  });

  it('says that a bug is a bug, and keeps the exit code of a failure that is none', async () => {
    expect((await espalier('bug')).err).toMatch(/TypeError: x is undefined \(this is a bug/);
    expect(await espalier('miss')).toEqual({ code: 3, out: '', err: 'no leaf meets the targets\n' });
  });
});

describe('espalier inspect', () => {
  it('lists operations and kernels, and tells the same as versioned JSON', async () => {
    const { out } = await espalier('inspect', model);
    expect(out).toMatch(/20,410 parameters/);
    expect(out).toMatch(/CONV_2D .* 3x3, valid, relu .* 120/);
    const inspection: {
      readonly version: number;
      readonly parameters: number;
      readonly weights: readonly { readonly elements: number }[];
    } = JSON.parse((await espalier('inspect', model, '--json')).out);
    expect(inspection).toMatchObject({ version: 1, parameters: 20_410, fullInteger: false });
    expect(inspection.weights.map(({ elements }) => elements)).toEqual([108, 20_280]);
  });
});

describe('espalier convert', () => {
  it('writes full-integer files that certify says are such', async () => {
    const file = join(folder, 'int8.tflite');
    expect(await espalier('convert', model, '-o', file, '--mode', 'int8', '--data', digits)).toMatchObject({ code: 0, err: '' });
    expect((await espalier('certify', file, '--full-integer', '--parent', model)).code).toBe(0);
    expect((await espalier('certify', model, '--full-integer')).code).toBe(1);
  });

  it('needs data for an integer mode, unless the model states all ranges', async () => {
    const file = join(folder, 'uncalibrated.tflite');
    expect(await espalier('convert', model, '-o', file, '--mode', 'int8')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/needs data \(--data\) that calibrate the activations/),
    });
    expect(existsSync(file)).toBe(false);
  });

  it('calibrates on examples without labels, and says so when they are few', async () => {
    const pixels = Uint8Array.from({ length: 20 * 28 * 28 }, (_, i) => (i * 7) % 256);
    await writeFile(join(folder, 'x.npy'), npyFile([20, 28, 28], pixels));
    const data = JSON.stringify({ format: 'npy', trainInputs: join(folder, 'x.npy'), validation: 0, testFraction: 0 });
    const file = join(folder, 'unlabelled.tflite');
    expect(await espalier('convert', model, '-o', file, '--mode', 'int8', '--data', data)).toMatchObject({
      code: 0,
      err: expect.stringContaining('only 20 examples calibrate; with 100 or more'),
    });
    expect((await espalier('evaluate', file, '--data', data, '--split', 'train')).err).toMatch(
      /without labels the model should give back its input of 784 values, but it has 10 outputs; name the labels/,
    );
  });

  it('takes ranges as --observer says', async () => {
    const outputScales = async (...observer: readonly string[]): Promise<readonly number[]> => {
      const file = join(folder, 'observed.tflite');
      expect(await espalier('convert', model, '-o', file, '--mode', 'int8', '--data', digits, ...observer)).toMatchObject({ code: 0 });
      const [graph] = readTflite(await readFile(file)).subgraphs;
      return (graph?.operators ?? [])
        .filter(({ name }) => name === 'CONV_2D')
        .map(({ outputs }) => graph?.tensors[outputs[0] ?? -1]?.quantization?.scales[0] ?? NaN);
    };
    const all = await outputScales();
    expect(all).toHaveLength(1);
    expect(await outputScales('--observer', 'minmax')).toEqual(all);
    expect(await outputScales('--observer', 'percentile=100')).toEqual(all);
    const [whole = 0, most = 0, half = 0] = [
      ...all,
      ...(await outputScales('--observer', 'percentile')),
      ...(await outputScales('--observer', 'percentile=50')),
    ];
    expect(most).toBeLessThan(whole);
    expect(half).toBeLessThan(0.8 * most);
    // A range that forgets at once is the last batch's, which is no wider than all batches'.
    const [last = 0] = await outputScales('--observer', 'moving-average=0');
    expect(last).toBeLessThanOrEqual(whole);
  });

  it.each([
    ['median', /Give minmax, squared-error, moving-average/],
    ['minmax=1', /Give minmax, squared-error, moving-average/],
    ['percentile=0.999', /from 50 to 100 percent/],
    ['percentile=101', /from 50 to 100 percent/],
    ['percentile=', /from 50 to 100 percent/],
    ['moving-average=1', /from 0 to below 1/],
  ])('refuses --observer %s', async (observer, message) => {
    const ended = await espalier('convert', model, '-o', 'x', '--mode', 'int8', '--data', digits, '--observer', observer);
    expect(ended).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  });

  it('refuses an observer where nothing is calibrated', async () => {
    const ended = await espalier('convert', model, '-o', 'x', '--observer', 'minmax');
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('--mode float needs none') });
  });

  it.each([
    ['float', 'uint8', 'choose float32'],
    ['int8', 'int16', 'choose int8, uint8, float32'],
    ['int16x8', 'uint8', 'choose int16, float32'],
  ])('refuses for %s inputs and outputs of %s before any work', async (mode, type, fix) => {
    const ended = await espalier('convert', join(folder, 'missing.h5'), '-o', 'x', '--mode', mode, '--data', digits, '--interface', type);
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining(fix) });
  });

  it('leaves nothing behind when it fails', async () => {
    const before = await readdir(folder);
    const file = join(folder, 'out.tflite');
    const specs = { '{"format":': 2, '{"format":"idx","folder":"nowhere"}': 1 };
    for (const [spec, code] of Object.entries(specs))
      expect((await espalier('convert', model, '-o', file, '--mode', 'int8', '--data', spec)).code).toBe(code);
    expect((await espalier('convert', model, '-o', folder)).code).toBe(1);
    expect(await readdir(folder)).toEqual(before);
  });

  it('replaces a file only by a whole one', async () => {
    const original = await readFile(model);
    expect((await espalier('convert', model, '-o', model, '--mode', 'float16')).code).toBe(0);
    expect((await readFile(model)).length).toBeLessThan(original.length * 0.6);
  });
});

describe('espalier evaluate', () => {
  it('measures examples in LiteRT, with the data from a file beside which its paths are', async () => {
    const spec = join(folder, 'data.json');
    await writeFile(spec, `// digits\n${digits}`);
    const fromFile: object = JSON.parse((await espalier('evaluate', model, '--data', spec, '--json')).out);
    const inline: object = JSON.parse((await espalier('evaluate', model, '--data', digits, '--json')).out);
    const counts = JSON.stringify(fromFile).match(/"confusion":\[(\[[\d,]+\],?){10}\]/);
    expect(counts).not.toBeNull();
    expect(fromFile).toMatchObject({ version: 1, accuracy: { samples: 20, runtime: expect.stringContaining('LiteRT') } });
    expect(inline).toMatchObject({ accuracy: 'accuracy' in fromFile ? fromFile.accuracy : undefined });
  });

  it('names a field that the data block does not have, before any work', async () => {
    const typed = JSON.stringify({ format: 'generated', set: 'digits', preprocesing: { scale: 1 } });
    expect(await espalier('evaluate', model, '--data', typed)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^error: data\.preprocesing: there is no field "preprocesing" here; did you mean "preprocessing"\?; correct/,
      ) as string,
    });
    const wrongType = JSON.stringify({ format: 'idx', folder: 3 });
    expect((await espalier('evaluate', model, '--data', wrongType)).err).toMatch(/^error: data\.folder: expected a string, found a number/);
  });

  it('says that labels stand in the way of a comparison with another model', async () => {
    const labelled = await espalier('evaluate', model, '--data', digits, '--reference', model, '--json');
    expect(labelled.err).toContain('"labelled": false');
    expect(labelled.out).toContain('"top1"');
    const unlabelled = JSON.stringify({ format: 'generated', set: 'digits', trainSize: 120, testSize: 20, labelled: false });
    const compared = await espalier('evaluate', model, '--data', unlabelled, '--reference', model, '--json');
    expect(compared.err).not.toContain('"labelled"');
    expect(compared.out).toContain('"cosine"');
  });

  it('warns on standard error when a model only guesses', async () => {
    const { code, out, err } = await espalier(
      'evaluate',
      model,
      '--data',
      JSON.stringify({ format: 'generated', set: 'digits', trainSize: 60, testSize: 500 }),
      '--json',
    );
    expect(code).toBe(0);
    expect(() => JSON.parse(out)).not.toThrow();
    expect(err).toMatch(/^warning: .*guessing/);
  });
});

describe('espalier certify', () => {
  it('judges demands by the numbers in the file', async () => {
    const { code, out, err } = await espalier('certify', model, '--sparsity', '0.5', '--json');
    const { verdict }: { readonly verdict: { readonly checks: readonly object[] } } = JSON.parse(out);
    expect(code).toBe(1);
    expect(verdict.checks).toEqual([
      expect.objectContaining({ property: 'zeros', expected: 'at least 54 of 108', found: '0', passed: false }),
      expect.objectContaining({ property: 'zeros', expected: 'at least 10140 of 20280', found: '0', passed: false }),
    ]);
    expect(err).toContain('2 of 2 checks failed');
  });

  it('shows zeros as a part of the weights, and beside a parent what was kept of it', async () => {
    const { code, out } = await espalier('certify', model, '--parent', model);
    expect(code).toBe(0);
    expect(out).toMatch(/kernel +shape +zeros +sparsity +unique values +in a channel +parent's zeros +parent's clusters\n/);
    expect(out).toMatch(/\[12, 3, 3, 1\] +0\/108 +0\.0% +\d+ +\d+ +all 0 kept +all kept\n/);
    // The inspection counts them alone.
    expect((await espalier('inspect', model)).out).toMatch(/\[12, 3, 3, 1\] +0 +0\.0% /);
  });

  it('refuses what is no .tflite', async () => {
    const file = join(folder, 'text');
    await writeFile(file, 'not a model');
    expect(await espalier('certify', file)).toMatchObject({ code: 1, err: expect.stringContaining('is not a .tflite file') });
  });
});
