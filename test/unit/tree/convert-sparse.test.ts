import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findSparsePart } from '../../../src/core/network/sparse-inference/sparse-part.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { convertModel } from '../../../src/core/tree/operations/convert-model.ts';
import type { ConversionMode } from '../../../src/shared/protocol.ts';
import { randomMobileNet, withZeros } from '../network/sparse-networks.ts';

let folder = '';
const context = { signal: new AbortController().signal, onProgress: () => undefined, threadScript: undefined };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-sparse-'));
  const network = randomMobileNet(5, 'same');
  const { part } = findSparsePart(network);
  if (part === undefined) throw new Error('the network cannot run sparse');
  await writeFile(join(folder, 'whole.tflite'), writeTflite({ kind: 'float', network }));
  await writeFile(join(folder, 'pruned.tflite'), writeTflite({ kind: 'float', network: withZeros(network, part, 0.8) }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function convert(model: string, mode: ConversionMode = 'float'): Promise<unknown> {
  return convertModel({ model: join(folder, model), output: join(folder, 'out.tflite'), mode, sparse: true }, context);
}

it('a pruned model becomes a file for sparse inference, and that file becomes one again', async () => {
  await convert('pruned.tflite');
  const sparse = await readFile(join(folder, 'out.tflite'));
  const count = (bytes: Uint8Array): number =>
    readTflite(bytes).subgraphs[0]?.tensors.filter(({ sparsity }) => sparsity !== undefined).length ?? 0;
  expect(count(sparse)).toBeGreaterThan(2);
  await writeFile(join(folder, 'sparse.tflite'), sparse);
  await convert('sparse.tflite');
  expect(count(await readFile(join(folder, 'out.tflite')))).toBe(count(sparse));
});

it('a model without zeros, and modes without sparse kernels, are refused before anything is written', async () => {
  await rm(join(folder, 'out.tflite'), { force: true });
  await expect(convert('whole.tflite')).rejects.toThrow(/sparse: 0\.0% of the weights of its 1x1 convolutions are zeros/);
  await expect(convert('pruned.tflite', 'dynamic')).rejects.toThrow(/no sparse kernels for dynamic files/);
  expect(await readdir(folder)).not.toContain('out.tflite');
});
