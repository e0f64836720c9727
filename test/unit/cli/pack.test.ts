import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerCertify } from '../../../src/cli/commands/certify.ts';
import { registerInspect } from '../../../src/cli/commands/inspect.ts';
import { registerPack } from '../../../src/cli/commands/pack.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import type { ModelInspection } from '../../../src/shared/inspection.ts';
import type { Packing } from '../../../src/shared/packing.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';
import { runCli, type Ended } from '../../support/run-cli.ts';

let folder: string;
let plain: string;
let packed: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-pack-'));
  plain = join(folder, 'plain.tflite');
  packed = join(folder, 'packed.tflite');
  await writeFile(plain, serializeTflite(packableModel({ values: 16, sparsity: 0.5 })));
});
afterEach(() => rm(folder, { recursive: true }));

const espalier = (...args: readonly string[]): Promise<Ended> => runCli([registerPack, registerCertify, registerInspect], args);

describe('espalier pack', () => {
  it('prints bytes and scheme of each kernel, the proof, and what it costs', async () => {
    const { code, out } = await espalier('pack', plain, '-o', packed);
    expect(code).toBe(0);
    expect(out).toMatch(/^kernel +shape +plain +packed +tables +scheme/);
    expect(out).toMatch(/dense\/kernel +\[10, 2048\] +20480 +\d+ +(shared|\d+) +Huffman +16 values, 2\.\d\d bits each/);
    expect(out).toMatch(/packed\.tflite: 1\d\.\d kB, \d\d\.\d% of the plain file's 29\.9 kB \(gzip \d+\.\d kB\)/);
    expect(out).toMatch(/✓ proven: decoded from the packed bytes, 3 kernels hold the integers of the plain file/);
    expect(out).toMatch(/RAM: the tensor arena needs room for a decoded kernel, 20\.5 kB at most/);
    expect(out).toMatch(/byte for byte/);
  });

  it('gives the same as JSON, whose bytes are those of the file', async () => {
    const { out } = await espalier('pack', plain, '-o', packed, '--for', 'speed', '--json');
    const packing = JSON.parse(out) as Packing;
    const { length } = await readFile(packed);
    expect(packing).toMatchObject({ version: 1, goal: 'fast', stripped: false, undo: 'same-bytes', sizes: { packed: length } });
    expect(packing.kernels.map(({ scheme }) => scheme)).toEqual(['lut', undefined, 'lut']);
    expect(packing.proof.passed).toBe(true);
  });

  it('is undone byte for byte', async () => {
    await espalier('pack', plain, '-o', packed);
    const again = join(folder, 'again.tflite');
    const { code, out } = await espalier('pack', packed, '--undo', '-o', again);
    expect([code, out]).toEqual([0, expect.stringMatching(/again\.tflite: plain, 29\.9 kB of 1\d\.\d kB packed/)]);
    expect(await readFile(again)).toEqual(await readFile(plain));
  });

  it('refuses what cannot be packed, names the file, and writes nothing', async () => {
    await espalier('pack', plain, '-o', packed);
    const other = join(folder, 'other.tflite');
    expect(await espalier('pack', packed, '-o', other)).toMatchObject({
      code: 1,
      err: 'error: packed.tflite: it is packed already; unpack it first, with `espalier pack --undo`\n',
    });
    expect((await espalier('pack', plain, '--undo', '-o', other)).err).toMatch(/plain\.tflite: it is not packed/);
    expect((await espalier('pack', plain, '--undo', '--strip', '-o', other)).code).toBe(2);
    expect((await espalier('pack', join(folder, 'no.tflite'), '-o', other)).err).toMatch(/does not exist/);
    expect(await readdir(folder)).toEqual(['packed.tflite', 'plain.tflite']);
  });
});

describe('a packed file', () => {
  it('is certified against the plain one, kernel by kernel', async () => {
    await espalier('pack', plain, '-o', packed);
    const { code, out } = await espalier('certify', packed, '--plain', plain, '--clusters', '16');
    expect([code, out]).toEqual([0, expect.stringMatching(/✓ passed: 7 of 7 checks/)]);
  });

  it('does not pass for another one', async () => {
    await espalier('pack', plain, '-o', packed);
    const other = join(folder, 'other.tflite');
    const model = readTflite(await readFile(plain));
    const tensors =
      model.subgraphs[0]?.tensors.map((tensor) =>
        tensor.name === 'dense/kernel' ? { ...tensor, data: tensor.data?.with(7, 99) } : tensor,
      ) ?? [];
    await writeFile(other, serializeTflite({ ...model, subgraphs: model.subgraphs.map((graph) => ({ ...graph, tensors })) }));
    const { code, out } = await espalier('certify', packed, '--plain', other);
    expect(code).toBe(1);
    expect(out).toMatch(/✗ dense\/kernel: decoded integers: expected those of the plain file, found 1 of 20480 bytes differ/);
    expect((await espalier('certify', plain, '--plain', plain)).err).toMatch(/it is not packed, so there is nothing to compare/);
  });

  it('shows the zeros and values of its kernels, and how each is stored', async () => {
    await espalier('pack', plain, '-o', packed);
    const inspect = async (file: string): Promise<ModelInspection> =>
      JSON.parse((await espalier('inspect', file, '--json')).out) as ModelInspection;
    const [ofPacked, ofPlain] = [await inspect(packed), await inspect(plain)];
    expect(ofPacked.weights).toEqual(ofPlain.weights);
    expect(ofPacked.densities).toEqual(ofPlain.densities);
    expect(ofPacked.parameters).toBe(ofPlain.parameters);
    expect(ofPacked.operations[0]).toMatchObject({
      kind: 'custom TFLM_DECODE',
      layer: 'convolution/kernel',
      parameters: 4608,
      details: expect.stringMatching(/^huffman, [\d,]+ bytes$/) as string,
    });
    expect(ofPacked.operations.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(ofPlain.parameters);
    expect(ofPacked.warnings).toEqual(['packed: TFLite Micro runs it, LiteRT does not; `espalier pack --undo` gives the plain file']);
  });

  it('is refused by LiteRT with what to do', async () => {
    await espalier('pack', plain, '-o', packed);
    await expect((await loadRuntime()).load(await readFile(packed))).rejects.toThrow(
      'it is packed for TFLite Micro, and LiteRT needs the plain file; unpack it first, with `espalier pack --undo`',
    );
  });
});
