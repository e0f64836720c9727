/**
 * A network as a `.keras` file, the format of Keras 3: a zip of config.json, metadata.json and model.weights.h5, where
 * weights lie under the class of their layer (`layers/conv2d_1/vars/0` is the kernel of the second Conv2D).
 */
import { zipSync } from 'fflate';
import { snakeCase } from '../import/keras/class-names.ts';
import type { Network } from '../network/network.ts';
import { type GraphLayer, type LayerGraph, layerGraph } from './layer-graph.ts';
import { type Hdf5Content, writeHdf5 } from './write-hdf5.ts';

/** The version whose file this is like; later ones read it too. */
const kerasVersion = '3.5.0';
/** @throws EspalierError `unsupported-model` for the few operations that Keras has no layer for */
export async function writeKerasV3(network: Network): Promise<Uint8Array> {
  const graph = layerGraph(network);
  const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return zipSync(
    {
      'metadata.json': json({ keras_version: kerasVersion, date_saved: kerasDate(new Date()) }),
      'config.json': json(modelConfig(graph)),
      'model.weights.h5': await writeHdf5(weightStore(graph.layers)),
    },
    // As Keras stores them: numbers hardly get smaller.
    { level: 0 },
  );
}

/** `2026-01-31@23:59:59` */
function kerasDate(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', '@');
}

function modelConfig({ name, layers, inputs, outputs }: LayerGraph): object {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const tensor = (layer: string): object => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, ...(byName.get(layer)?.outputShape ?? [])], dtype: 'float32', keras_history: [layer, 0, 0] },
  });
  const ends = (names: readonly string[]): unknown => {
    const references = names.map((end) => [end, 0, 0]);
    return references.length === 1 ? references[0] : references;
  };
  return {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    config: {
      name,
      trainable: true,
      layers: layers.map((layer) => layerConfig(layer, byName, tensor)),
      input_layers: ends(inputs),
      output_layers: ends(outputs),
    },
    registered_name: 'Functional',
    build_config: { input_shape: null },
  };
}

function layerConfig(layer: GraphLayer, byName: ReadonlyMap<string, GraphLayer>, tensor: (layer: string) => object): object {
  const { name, className, inputs, weights } = layer;
  const common = { module: 'keras.layers', class_name: className, registered_name: null };
  const [first] = inputs;
  if (first === undefined) {
    const config = { batch_shape: [null, ...layer.outputShape], dtype: 'float32', sparse: false, name };
    return { ...common, config, name, inbound_nodes: [] };
  }
  // Layers that merge take one list.
  const tensors = inputs.map(tensor);
  return {
    ...common,
    config: { name, trainable: true, dtype: 'float32', ...keras3Config(layer) },
    ...(weights.length === 0 ? {} : { build_config: { input_shape: [null, ...(byName.get(first)?.outputShape ?? [])] } }),
    name,
    inbound_nodes: [{ args: inputs.length === 1 ? tensors : [tensors], kwargs: {} }],
  };
}

/** What Keras 3 calls otherwise than Keras 2. */
function keras3Config({ className, config }: GraphLayer): Readonly<Record<string, unknown>> {
  if (className === 'LeakyReLU') {
    const { alpha, ...rest } = config;
    return { ...rest, negative_slope: alpha };
  }
  return config['activation'] === 'hard_swish' ? { ...config, activation: 'hard_silu' } : config;
}

function weightStore(layers: readonly GraphLayer[]): Hdf5Content {
  const counts = new Map<string, number>();
  const stored = layers.map(({ className, weights }) => {
    const base = snakeCase(className);
    const before = counts.get(base) ?? 0;
    counts.set(base, before + 1);
    return { group: `layers/${before === 0 ? base : `${base}_${before}`}/vars`, weights };
  });
  return {
    groups: ['vars', ...stored.map(({ group }) => group)],
    tensors: stored.flatMap(({ group, weights }) => weights.map(({ shape, data }, index) => ({ path: `${group}/${index}`, shape, data }))),
  };
}
