/** A network as a TFJS layers model, which TensorFlow.js and the TFJS converter (to Keras) read. */
import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import { kerasLayer, type KerasWeight } from './keras-layers.ts';

export interface TfjsLayersModel {
  readonly json: string;
  /** The shard that the manifest names `weights.bin`: little-endian float32. */
  readonly weights: Uint8Array;
}

/** Kernels that several operations share are written once for each of them. */
export function writeTfjsLayers(network: Network): TfjsLayersModel {
  const names = new LayerNames();
  const produced = new Map<ValueId, string>();
  const layers: unknown[] = [];
  const weights: KerasWeight[] = [];
  for (const input of network.inputs) {
    const name = names.unique(input);
    produced.set(input, name);
    layers.push({
      class_name: 'InputLayer',
      name,
      config: { name, batch_input_shape: [null, ...(network.values.get(input)?.shape ?? [])], dtype: 'float32', sparse: false },
      inbound_nodes: [],
    });
  }
  for (const operation of network.operations) {
    const { className, config, weights: own, activation, reshape } = kerasLayer(operation, network);
    const inbound = operation.inputs.map((input) => produced.get(input) ?? unknownValue(input));
    const name = names.unique(operation.name);
    layers.push({
      class_name: className,
      name,
      config: { name, trainable: true, dtype: 'float32', ...config },
      inbound_nodes: [inbound.map((layer) => [layer, 0, 0, {}])],
    });
    weights.push(...own.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })));
    produced.set(operation.output, name);
    const follow = (suffix: string, followerClass: string, followerConfig: Readonly<Record<string, unknown>>): void => {
      const after = names.unique(`${name}_${suffix}`);
      layers.push({
        class_name: followerClass,
        name: after,
        config: { name: after, trainable: true, dtype: 'float32', ...followerConfig },
        inbound_nodes: [[[name, 0, 0, {}]]],
      });
      produced.set(operation.output, after);
    };
    if (activation !== 'none') follow(activation, 'ReLU', { max_value: activation === 'relu6' ? 6 : null });
    if (reshape !== undefined) follow('reshape', 'Reshape', { target_shape: reshape });
  }
  const reference = (value: ValueId): readonly [string, number, number] => [produced.get(value) ?? unknownValue(value), 0, 0];
  const model = {
    format: 'layers-model',
    generatedBy: 'espalier',
    convertedBy: null,
    modelTopology: {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: {
        class_name: 'Functional',
        config: { name: network.name, layers, input_layers: network.inputs.map(reference), output_layers: network.outputs.map(reference) },
      },
    },
    weightsManifest: [{ paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }],
  };
  return { json: JSON.stringify(model), weights: concatenate(weights) };
}

/** TFJS splits weight names at slashes, so layers have none. */
class LayerNames {
  readonly #taken = new Set<string>();

  unique(wanted: string): string {
    const base = wanted.replace(/[^A-Za-z0-9_.-]/g, '_');
    let name = base;
    for (let n = 1; this.#taken.has(name); n++) name = `${base}_${n}`;
    this.#taken.add(name);
    return name;
  }
}

function concatenate(weights: readonly KerasWeight[]): Uint8Array {
  const bytes = new Uint8Array(weights.reduce((sum, { data }) => sum + data.length * 4, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { data } of weights) {
    for (const value of data) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return bytes;
}

function unknownValue(value: ValueId): never {
  throw new EspalierError('invalid-model', `value "${value}" is read before it is computed`);
}
