/** A network as the layers that Keras would have, in the order of computation; what all layer formats are written from. */
import { EspalierError } from '../errors.ts';
import type { Network, Shape, ValueId } from '../network/network.ts';
import { kerasLayer, type KerasWeight } from './keras-layers.ts';

export interface GraphLayer {
  readonly name: string;
  readonly className: string;
  /** As Keras 2 and TensorFlow.js spell it, without the name. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly KerasWeight[];
  /** Names of the layers whose outputs it takes; none for an input. */
  readonly inputs: readonly string[];
  /** Of one example. */
  readonly outputShape: Shape;
}

export interface LayerGraph {
  readonly name: string;
  readonly layers: readonly GraphLayer[];
  /** Names of layers. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Kernels that several operations share become weights of each of them. */
export function layerGraph(network: Network): LayerGraph {
  const names = new LayerNames();
  const produced = new Map<ValueId, string>();
  const layers: GraphLayer[] = [];
  const shapeOf = (value: ValueId): Shape => network.values.get(value)?.shape ?? [];
  const producer = (value: ValueId): string => {
    const name = produced.get(value);
    if (name === undefined) throw new EspalierError('invalid-model', `value "${value}" is read before it is computed`);
    return name;
  };
  for (const input of network.inputs) {
    const name = names.unique(input);
    produced.set(input, name);
    layers.push({ name, className: 'InputLayer', config: {}, weights: [], inputs: [], outputShape: shapeOf(input) });
  }
  for (const operation of network.operations) {
    const { className, config, weights, activation, reshape } = kerasLayer(operation, network);
    const inputs = operation.inputs.map(producer);
    const outputShape = shapeOf(operation.output);
    const name = names.unique(operation.name);
    layers.push({ name, className, config, weights, inputs, outputShape });
    produced.set(operation.output, name);
    const follow = (suffix: string, followerClass: string, followerConfig: Readonly<Record<string, unknown>>): void => {
      const after = names.unique(`${name}_${suffix}`);
      layers.push({ name: after, className: followerClass, config: followerConfig, weights: [], inputs: [name], outputShape });
      produced.set(operation.output, after);
    };
    if (activation !== 'none') follow(activation, 'ReLU', { max_value: activation === 'relu6' ? 6 : null });
    if (reshape !== undefined) follow('reshape', 'Reshape', { target_shape: reshape });
  }
  return { name: network.name, layers, inputs: network.inputs.map(producer), outputs: network.outputs.map(producer) };
}

/** Weight names are split at slashes by those who read them, so layers have none. */
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
