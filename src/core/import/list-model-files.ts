import { readdir } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { isEspalierError } from '../errors.ts';
import { detectFormat, type ModelFormat } from './detect-format.ts';
import { openModel, type ModelSource } from './model-source.ts';
import { externalLocations, isBeside } from './onnx/external-data.ts';
import { decodeModel } from './onnx/read-model.ts';
import { readShard, shardNames } from './tfjs/import-tfjs-layers.ts';

export interface ModelFile {
  /** The same wherever the model lies. */
  readonly name: string;
  readonly path: string;
}

type ListFiles = (source: ModelSource) => Promise<readonly string[]>;

/** Formats that are one file. */
const itself: ListFiles = (source) => Promise.resolve(source.kind === 'file' ? [basename(source.path)] : []);

/** Names of the files beside each other that a format's importer reads, the model's own among them. */
const filesOf: Readonly<Record<ModelFormat, ListFiles>> = {
  'keras-h5': itself,
  'keras-v3': itself,
  tflite: itself,
  onnx(source) {
    if (source.kind !== 'file') return itself(source);
    const locations = externalLocations(decodeModel(source.bytes, basename(source.path)));
    return Promise.resolve([basename(source.path), ...locations.filter(isBeside).map((location) => normalize(location))]);
  },
  async 'tfjs-layers'(source) {
    const name = source.kind === 'file' ? basename(source.path) : 'model.json';
    const json = source.kind === 'file' ? source.bytes : await readShard(source.folder, name);
    try {
      return [name, ...shardNames(json).filter((shard) => basename(shard) === shard)];
    } catch (error) {
      // The importer reports what is wrong with it.
      if (isEspalierError(error)) return [name];
      throw error;
    }
  },
  async 'saved-model'({ folder }) {
    const variables = await readdir(join(folder, 'variables')).catch(() => []);
    return [
      'saved_model.pb',
      'keras_metadata.pb',
      ...variables
        .filter((name) => name.startsWith('variables.'))
        .sort()
        .map((name) => `variables/${name}`),
    ];
  },
};

/**
 * The files that a model's importer reads, for a digest of the model: weights in shards beside it, not what else lies there.
 *
 * @throws EspalierError where the model cannot be read or is in no known format
 */
export async function listModelFiles(path: string): Promise<readonly ModelFile[]> {
  const source = await openModel(path);
  const format = detectFormat(source, basename(path));
  const folder = source.kind === 'file' ? dirname(source.path) : source.folder;
  const names = await filesOf[format](source);
  // A model of one file may have any name.
  return names.map((name) => ({ name: names.length === 1 ? 'model' : name, path: join(folder, name) }));
}
