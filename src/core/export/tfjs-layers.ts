/** A network as a TFJS layers model, which TensorFlow.js and the TFJS converter (to Keras) read. */
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import type { KerasWeight } from './keras-layers.ts';
import { type GraphLayer, layerGraph } from './layer-graph.ts';

export interface TfjsLayersModel {
  readonly json: string;
  /** The shard that the manifest names: little-endian float32. */
  readonly weights: Uint8Array;
}

/** @param weightsFile name of the shard, beside the JSON */
export function writeTfjsLayers(network: Network, weightsFile = 'weights.bin'): TfjsLayersModel {
  const { name, layers, inputs, outputs } = layerGraph(network);
  for (const layer of layers) refuseWhatTfjsLacks(layer);
  const weights = layers.flatMap((layer) => layer.weights.map((weight) => ({ ...weight, name: `${layer.name}/${weight.name}` })));
  const reference = (layer: string): readonly [string, number, number] => [layer, 0, 0];
  const topology = layers.map((layer) => ({
    class_name: layer.className,
    name: layer.name,
    config:
      layer.inputs.length === 0
        ? { name: layer.name, batch_input_shape: [null, ...layer.outputShape], dtype: 'float32', sparse: false }
        : { name: layer.name, trainable: true, dtype: 'float32', ...inTfjsSpelling(layer.config) },
    inbound_nodes: layer.inputs.length === 0 ? [] : [layer.inputs.map((input) => [...reference(input), {}])],
  }));
  const model = {
    format: 'layers-model',
    generatedBy: 'espalier',
    convertedBy: null,
    modelTopology: {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: {
        class_name: 'Functional',
        config: { name, layers: topology, input_layers: inputs.map(reference), output_layers: outputs.map(reference) },
      },
    },
    weightsManifest: [
      { paths: [weightsFile], weights: weights.map((weight) => ({ name: weight.name, shape: weight.shape, dtype: 'float32' })) },
    ],
  };
  return { json: JSON.stringify(model), weights: concatenate(weights) };
}

function inTfjsSpelling(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return config['activation'] === 'log_softmax' ? { ...config, activation: 'logSoftmax' } : config;
}

/** Layers that it does not have, and fields that Keras reads and TensorFlow.js ignores. */
function refuseWhatTfjsLacks({ name, className, config }: GraphLayer): void {
  if (className === 'UnitNormalization')
    throw new EspalierError('unsupported-model', `TensorFlow.js has no layer "${className}"`, {
      where: `layer "${name}"`,
      fix: 'write the model as .keras or .tflite instead',
    });
  for (const field of ['groups', 'output_padding']) {
    if (config[field] === undefined) continue;
    throw new EspalierError('unsupported-model', `TensorFlow.js has no convolution with ${field}`, {
      where: `layer "${name}"`,
      fix: 'write the model as .keras or .tflite instead',
    });
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
