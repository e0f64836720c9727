/** Keras's HDF5 format: `model_config` as an attribute, weights in one group a layer. */
import { EspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { type Hdf5Group, readHdf5 } from '../hdf5/hdf5-file.ts';
import { parseJson } from '../json.ts';
import type { WeightScope, WeightTensor } from '../weights.ts';
import { convertModel, type ConvertedModel } from './convert-model.ts';
import { flatWeights } from './flat-weights.ts';
import { type KerasModel, parseKerasModel } from './model-config.ts';

export interface KerasImport extends ConvertedModel {
  /** As the file states it: `2.15.0`. */
  readonly kerasVersion: string;
}

export async function importKerasH5(
  bytes: Uint8Array,
  where: string,
  warn: (message: string) => void,
  inputShapes?: readonly Shape[],
): Promise<KerasImport> {
  const root = await readHdf5(bytes, where, { groups: ['model_weights'] });
  const config = root.text('model_config');
  if (config === undefined) {
    throw new EspalierError('unsupported-model', 'holds weights without a model config', {
      where,
      fix: 'save the whole model (model.save("model.h5")), not its weights alone',
    });
  }
  const stored = root.group('model_weights');
  if (stored === undefined)
    throw new EspalierError('invalid-model', 'has no group "model_weights"', {
      where,
      fix: 'save the whole model (model.save("model.h5"))',
    });
  const kerasVersion = root.text('keras_version') ?? stored.text('keras_version') ?? '2.0.0';
  const model = parseKerasModel(parseJson(config, `${where}: model_config`), where);
  const keras = kerasMajor(kerasVersion, config);
  return { ...convertModel(model, groupWeights(model, stored, where), where, { keras, warn, inputShapes }), kerasVersion };
}

/** tf.keras states TensorFlow's version (2.21.0 with Keras 2) or its own; Keras 3 writes `batch_shape` for inputs. */
export function kerasMajor(version: string, config: string): number {
  const major = Number.parseInt(version, 10);
  return major >= 3 || (config.includes('"batch_shape"') && !config.includes('"batch_input_shape"')) ? 3 : Number.isNaN(major) ? 2 : major;
}

function groupWeights(model: KerasModel, groups: Hdf5Group, where: string): WeightScope {
  const tensors = (layer: string): readonly WeightTensor[] => {
    const group = groups.group(layer);
    return group === undefined ? [] : weightNames(group).map((name) => readTensor(group, name, `${where}, layer "${layer}"`));
  };
  return {
    layer: (reference) => tensors(reference.name),
    nested: (reference) => {
      const inner = model.layers[reference.index]?.model;
      if (inner === undefined) throw new Error(`layer "${reference.name}" is no model`);
      return flatWeights(inner, tensors(reference.name));
    },
  };
}

/** Long lists are split over `weight_names0`, `weight_names1`, …: an HDF5 attribute holds 64 KiB at most. */
function weightNames(group: Hdf5Group): readonly string[] {
  const whole = group.texts('weight_names');
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let part = 0; ; part++) {
    const names = group.texts(`weight_names${part}`);
    if (names === undefined) return parts;
    parts.push(...names);
  }
}

function readTensor(group: Hdf5Group, name: string, where: string): WeightTensor {
  const dataset = group.dataset(name);
  if (dataset === undefined)
    throw new EspalierError('invalid-model', `weight "${name}" is missing`, {
      where,
      fix: 'the file is damaged: save or download the model again',
    });
  return { name: name.replace(/:\d+$/, ''), shape: dataset.shape, read: () => dataset.read() };
}
