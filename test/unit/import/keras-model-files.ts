/** Keras models written to files as Keras and TensorFlow.js write them, for the importers to read. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import type * as H5wasm from 'h5wasm';
import { type ImportedModel, importModel } from '../../../src/core/import/import-model.ts';

export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-import-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes the files and imports the first of them. */
export function importFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<ImportedModel> {
  return inTemporaryFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return importModel(join(folder, Object.keys(files)[0] ?? ''));
  });
}

/** A TFJS layers model with one shard. */
export function importTopology(topology: object, weights: readonly NamedWeight[]): Promise<ImportedModel> {
  const manifest = [{ paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }];
  const bytes = Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  return importFiles({
    'model.json': JSON.stringify({ format: 'layers-model', modelTopology: topology, weightsManifest: manifest }),
    'weights.bin': bytes,
  });
}

export interface LayerEntry {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A Sequential model of layers in Keras's own terms; weights are named `<layer>/<weight>`. */
export function importLayers(
  inputShape: readonly (number | null)[],
  layers: readonly LayerEntry[],
  weights: readonly NamedWeight[] = [],
  kerasVersion = '2.15.0',
): Promise<ImportedModel> {
  const named = layers.map((layer, i) => ({ ...layer, config: { name: `layer${i}`, ...layer.config } }));
  const input = { class_name: 'InputLayer', config: { name: 'input', batch_input_shape: [null, ...inputShape] } };
  return importTopology(
    { class_name: 'Sequential', keras_version: kerasVersion, config: { name: 'model', layers: [input, ...named] } },
    weights,
  );
}

/** `weights` by the top layer that holds them, in the order in which Keras lists them. */
export async function kerasH5(config: object, weights: ReadonlyMap<string, readonly NamedWeight[]>): Promise<Uint8Array> {
  return hdf5((file) => {
    file.create_attribute('model_config', JSON.stringify(config));
    file.create_attribute('keras_version', '2.15.0');
    const root = file.create_group('model_weights');
    for (const [layer, tensors] of weights) {
      const group = root.create_group(layer);
      const names = tensors.map(({ name }) => `${name}:0`);
      group.create_attribute('weight_names', names, [names.length], 'S80');
      for (const [i, { shape, data }] of tensors.entries()) createDataset(file, `/model_weights/${layer}/${names[i] ?? ''}`, shape, data);
    }
  });
}

/** `weights` by their path: `layers/dense/vars/0`. */
export async function kerasV3(config: object, weights: readonly NamedWeight[]): Promise<Uint8Array> {
  const store = await hdf5((file) => {
    for (const { name, shape, data } of weights) createDataset(file, `/${name}`, shape, data);
  });
  const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return zipSync({ 'metadata.json': json({ keras_version: '3.5.0' }), 'config.json': json(config), 'model.weights.h5': store });
}

let files = 0;

async function hdf5(fill: (file: H5wasm.File) => void): Promise<Uint8Array> {
  // The package has no CommonJS form, which a bundle of this file would ask for otherwise.
  const h5wasm: typeof H5wasm = await import('h5wasm');
  const { FS } = await h5wasm.ready;
  const path = `/written-${files++}.h5`;
  const file = new h5wasm.File(path, 'w');
  fill(file);
  file.close();
  return FS.readFile(path);
}

function createDataset(file: H5wasm.File, path: string, shape: readonly number[], data: Float32Array): void {
  const parts = path.split('/').filter((part) => part !== '');
  let group: H5wasm.Group = file;
  for (const part of parts.slice(0, -1)) {
    const next = group.get(part);
    group = next !== null && 'create_group' in next ? next : group.create_group(part);
  }
  group.create_dataset({ name: parts.at(-1) ?? '', data, shape: [...shape], dtype: '<f4' });
}
