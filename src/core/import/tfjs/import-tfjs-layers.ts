/** TFJS layers models: the Keras topology in model.json, weights in shards beside it. */
import { basename, join } from 'node:path';
import { EspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { readRegularFile } from '../../regular-file.ts';
import { fileAccessError } from '../file-errors.ts';
import { asArray, asObject, asString, isObject, type Json, parseJson } from '../json.ts';
import { convertModel } from '../keras/convert-model.ts';
import { flatWeights } from '../keras/flat-weights.ts';
import { kerasMajor, type KerasImport } from '../keras/import-h5.ts';
import { parseKerasModel } from '../keras/model-config.ts';
import type { ModelSource } from '../model-source.ts';
import type { WeightTensor } from '../weights.ts';
import { readWeight, type WeightEntry, weightEntry } from './weight-entry.ts';

export async function importTfjsLayers(
  source: ModelSource,
  where: string,
  warn: (message: string) => void,
  inputShapes?: readonly Shape[],
): Promise<KerasImport> {
  const text = new TextDecoder().decode(source.kind === 'file' ? source.bytes : await readShard(source.folder, 'model.json'));
  const json = asObject(parseJson(text, where), where);
  if (json['format'] === 'graph-model') {
    throw new EspalierError('unsupported-model', 'is a TFJS graph model, whose layers have been compiled away', {
      where,
      fix: 'convert the original Keras model with --output_format=tfjs_layers_model, or use it directly',
    });
  }
  const topology = json['modelTopology'];
  if (!isObject(topology))
    throw new EspalierError('unsupported-model', 'is JSON without a model topology', {
      where,
      fix: 'give the model.json of a TFJS layers model',
    });
  const config = isObject(topology['model_config']) ? topology['model_config'] : topology;
  const kerasVersion = typeof topology['keras_version'] === 'string' ? topology['keras_version'] : '2.0.0';
  const model = parseKerasModel(config, where);
  const tensors = await readManifest(json['weightsManifest'], source.folder, where);
  const version = kerasVersion.startsWith('tfjs') ? '2.0.0' : kerasVersion;
  const keras = kerasMajor(version, text);
  return { ...convertModel(model, flatWeights(model, tensors), where, { keras, warn, inputShapes }), kerasVersion };
}

async function readManifest(manifest: Json | undefined, folder: string, where: string): Promise<readonly WeightTensor[]> {
  const tensors: WeightTensor[] = [];
  const names = new Set<string>();
  for (const group of asArray(manifest, `${where}: weightsManifest`)) {
    const { paths, weights } = asObject(group, `${where}: weightsManifest`);
    const shards: Uint8Array[] = [];
    for (const path of asArray(paths, `${where}: paths`)) {
      const name = asString(path, `${where}: paths`);
      if (names.has(name))
        throw new EspalierError('invalid-model', `names the shard "${name}" twice`, { where, fix: 'download the model again' });
      names.add(name);
      shards.push(await readShard(folder, name));
    }
    const bytes = Buffer.concat(shards);
    let offset = 0;
    for (const json of asArray(weights, `${where}: weights`)) {
      const entry: WeightEntry = weightEntry(json, where);
      if (offset + entry.byteLength > bytes.length) {
        throw new EspalierError('invalid-model', `weight "${entry.name}" ends after its shards do (${bytes.length} bytes)`, {
          where,
          fix: 'a shard is truncated or missing: download the model again',
        });
      }
      const stored = bytes.subarray(offset, offset + entry.byteLength);
      tensors.push({ name: entry.name, shape: entry.shape, read: () => readWeight(entry, stored) });
      offset += entry.byteLength;
    }
  }
  return tensors;
}

/**
 * Names of the shards that a model.json lists, each once.
 *
 * @throws EspalierError `invalid-model`
 */
export function shardNames(modelJson: Uint8Array): readonly string[] {
  const where = 'model.json';
  const json = asObject(parseJson(new TextDecoder().decode(modelJson), where), where);
  const groups = asArray(json['weightsManifest'], `${where}: weightsManifest`);
  const names = groups.flatMap((group) => asArray(asObject(group, where)['paths'], `${where}: paths`).map((path) => asString(path, where)));
  return [...new Set(names)];
}

/** Shards lie beside model.json; a path that leads elsewhere is refused. */
export async function readShard(folder: string, name: string): Promise<Uint8Array> {
  if (basename(name) !== name)
    throw new EspalierError('invalid-model', `weight shard "${name}" is not beside model.json`, {
      where: folder,
      fix: 'put all shards into the folder of model.json',
    });
  const path = join(folder, name);
  try {
    return await readRegularFile(path);
  } catch (cause) {
    throw fileAccessError(cause, path);
  }
}
