/**
 * The `.keras` format: a zip of config.json, metadata.json and model.weights.h5. Weights are stored by the class of a
 * layer (`layers/conv2d_1/vars/0` is the second Conv2D) and not under its name.
 */
import { unzipSync } from 'fflate';
import { Allowance } from '../../budget.ts';
import { EspalierError, isEspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { type Hdf5Group, readHdf5 } from '../hdf5/hdf5-file.ts';
import { isObject, parseJson } from '../json.ts';
import type { LayerReference, WeightScope, WeightTensor } from '../weights.ts';
import { snakeCase } from './class-names.ts';
import { convertModel } from './convert-model.ts';
import { kerasMajor, type KerasImport } from './import-h5.ts';
import { type KerasModel, parseKerasModel } from './model-config.ts';

const parts = ['config.json', 'metadata.json', 'model.weights.h5'];
/** Of all parts unpacked: deflate makes nothing smaller than to a thousandth. */
const unpackedBytes = (fileBytes: number): number => Math.min(2 ** 31, fileBytes * 1100);

/** Keras 2.12 kept layers under `_layer_checkpoint_dependencies`. */
const containers = ['layers', '_layer_checkpoint_dependencies'];

export async function importKerasV3(
  bytes: Uint8Array,
  where: string,
  warn: (message: string) => void,
  inputShapes?: readonly Shape[],
): Promise<KerasImport> {
  const files = unzip(bytes, where);
  const [configFile, metadataFile, weightsFile] = parts.map((part) => files[part]);
  if (configFile === undefined || weightsFile === undefined) {
    throw new EspalierError('unsupported-model', `is a zip without ${configFile === undefined ? 'config.json' : 'model.weights.h5'}`, {
      where,
      fix: 'give a model saved by model.save("model.keras")',
    });
  }
  const config = new TextDecoder().decode(configFile);
  const metadata = metadataFile === undefined ? undefined : parseJson(new TextDecoder().decode(metadataFile), `${where}: metadata.json`);
  const stated = isObject(metadata) ? metadata['keras_version'] : undefined;
  const kerasVersion = typeof stated === 'string' ? stated : '3.0.0';
  const model = parseKerasModel(parseJson(config, `${where}: config.json`), where);
  const root = await readHdf5(weightsFile, `${where}: model.weights.h5`, { groups: containers });
  const keras = kerasMajor(kerasVersion, config);
  return { ...convertModel(model, containerWeights(model, root, '', where), where, { keras, warn, inputShapes }), kerasVersion };
}

/** The state of random generators, which no layer computes with at inference. */
const generatorState = 'seed_generator';

/** A layer's variables under their numbers, those of its parts (`cell`, `layer`, `_query_dense`) as `<part>/<number>`. */
function variablesOf(group: Hdf5Group, prefix: string): readonly WeightTensor[] {
  const variables = group.group('vars');
  const own = [...(variables?.members() ?? [])]
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((name): readonly WeightTensor[] => {
      const dataset = variables?.dataset(name);
      return dataset === undefined ? [] : [{ name: `${prefix}${name}`, shape: dataset.shape, read: () => dataset.read() }];
    });
  const parts = group.members().filter((name) => name !== 'vars' && name !== generatorState);
  return [
    ...own,
    ...parts.flatMap((part) => {
      const inner = group.group(part);
      return inner === undefined ? [] : variablesOf(inner, `${prefix}${part}/`);
    }),
  ];
}

function unzip(bytes: Uint8Array, where: string): Record<string, Uint8Array> {
  const budget = { bytes: unpackedBytes(bytes.length), entries: parts.length, nesting: 0 };
  const allowance = new Allowance(budget, where, 'invalid-model', 'save or download the model again');
  try {
    return unzipSync(bytes, {
      filter: (file) => {
        if (!parts.includes(file.name)) return false;
        // Entries may lie over one another, and one name may come again and again.
        allowance.takeEntries(1, 'parts');
        allowance.takeBytes(file.originalSize);
        return true;
      },
    });
  } catch (cause) {
    if (isEspalierError(cause)) throw cause;
    throw new EspalierError('invalid-model', 'is a damaged zip file', { where, cause, fix: 'save or download the model again' });
  }
}

function containerWeights(model: KerasModel, root: Hdf5Group, path: string, where: string): WeightScope {
  const container = containers
    .map((name) => (path === '' ? name : `${path}/${name}`))
    .find((candidate) => root.group(candidate) !== undefined);
  const groupPath = (reference: LayerReference): string | undefined => {
    if (container === undefined) return undefined;
    const base = snakeCase(reference.className);
    const before = model.layers.slice(0, reference.index).filter((layer) => snakeCase(layer.wrapper ?? layer.className) === base).length;
    const byClass = `${container}/${before === 0 ? base : `${base}_${before}`}`;
    // Some versions store nested models under their own name.
    return [byClass, `${container}/${reference.name}`].find((candidate) => root.group(candidate) !== undefined);
  };
  return {
    layer: (reference) => {
      const layerPath = groupPath(reference);
      const group = layerPath === undefined ? undefined : root.group(layerPath);
      return group === undefined ? [] : variablesOf(group, '');
    },
    nested: (reference) => {
      const inner = model.layers[reference.index]?.model;
      if (inner === undefined) throw new Error(`layer "${reference.name}" is no model`);
      return containerWeights(inner, root, groupPath(reference) ?? `${container ?? 'layers'}/${reference.name}`, where);
    },
  };
}
