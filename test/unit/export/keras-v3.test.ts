import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { writeKerasV3 } from '../../../src/core/export/keras-v3.ts';
import { readHdf5 } from '../../../src/core/import/hdf5/hdf5-file.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { dsCnn } from '../../../src/core/models/ds-cnn.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { mobileNetV1 } from '../../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import { resnet8 } from '../../../src/core/models/resnet-8.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';

const networks: readonly (readonly [string, Network])[] = [
  ['the guide’s MNIST net', mnistCnn({ seed: 1 })],
  ['DS-CNN-S', dsCnn({ size: 'S', seed: 2 })],
  ['ResNet-8', resnet8({ seed: 3, inputSize: 16 })],
  ['MobileNet_v1', mobileNetV1({ alpha: 0.25, inputSize: 32, classes: 10, seed: 4 })],
  ['MobileNet-V2', mobileNetV2({ alpha: 0.35, inputSize: 32, classes: 10, seed: 5 })],
];

async function reimport(network: Network): Promise<Network> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-'));
  try {
    const path = join(folder, 'model.keras');
    await writeFile(path, await writeKerasV3(network));
    const { network: read, format, warnings } = await importModel(path);
    expect(format).toBe('keras-v3');
    expect(warnings).toEqual([]);
    return read;
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface LayerEntry {
  readonly module: string;
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly build_config?: { readonly input_shape: readonly (number | null)[] };
  readonly inbound_nodes: readonly { readonly args: readonly unknown[]; readonly kwargs: object }[];
}

async function unpack(
  network: Network,
): Promise<{ files: Record<string, Uint8Array>; config: Record<string, unknown>; layers: readonly LayerEntry[] }> {
  const files = unzipSync(await writeKerasV3(network));
  const model = JSON.parse(new TextDecoder().decode(files['config.json'])) as {
    config: { layers: LayerEntry[] } & Record<string, unknown>;
  };
  return { files, config: { ...model, ...model.config }, layers: model.config.layers };
}

describe('.keras files', () => {
  it.each(networks)('%s computes the same after writing and reading', async (_, network) => {
    const input = randomData(
      network.values.get(network.inputs[0]!)!.shape.reduce((a, b) => a * b, 1),
      9,
    );
    expect(referenceOutputs(await reimport(network), [input])[0]).toEqual(referenceOutputs(network, [input])[0]);
  });

  it('is a zip of the three files that Keras 3 writes', async () => {
    const network = mnistCnn({ seed: 1 });
    const first = await writeKerasV3(network);
    expect(Object.keys(unzipSync(first)).sort()).toEqual(['config.json', 'metadata.json', 'model.weights.h5']);
    const metadata = JSON.parse(new TextDecoder().decode(unzipSync(first)['metadata.json'])) as Record<string, unknown>;
    expect(metadata).toEqual({
      keras_version: expect.stringMatching(/^3\./),
      date_saved: expect.stringMatching(/^\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d$/),
    });
  });

  it('describes a functional model as Keras 3 does', async () => {
    const { config, layers } = await unpack(mnistCnn({ seed: 1 }));
    expect(config).toMatchObject({
      module: 'keras.src.models.functional',
      class_name: 'Functional',
      registered_name: 'Functional',
      input_layers: [layers[0]!.name, 0, 0],
      output_layers: ['dense', 0, 0],
    });
    const [input, , convolution] = layers;
    expect(input).toEqual({
      module: 'keras.layers',
      class_name: 'InputLayer',
      registered_name: null,
      config: { batch_shape: [null, 28, 28], dtype: 'float32', sparse: false, name: input!.name },
      name: input!.name,
      inbound_nodes: [],
    });
    expect(convolution).toMatchObject({
      module: 'keras.layers',
      class_name: 'Conv2D',
      registered_name: null,
      name: 'conv2d',
      build_config: { input_shape: [null, 28, 28, 1] },
      config: { name: 'conv2d', filters: 12, kernel_size: [3, 3], activation: 'relu', padding: 'valid', use_bias: true },
      inbound_nodes: [
        {
          args: [
            { class_name: '__keras_tensor__', config: { shape: [null, 28, 28, 1], dtype: 'float32', keras_history: ['reshape', 0, 0] } },
          ],
          kwargs: {},
        },
      ],
    });
  });

  it('gives layers that merge one list of tensors', async () => {
    const { layers } = await unpack(resnet8({ seed: 1, inputSize: 8 }));
    const add = layers.find(({ class_name: name }) => name === 'Add');
    expect(add?.inbound_nodes[0]?.args).toEqual([[expect.objectContaining({ class_name: '__keras_tensor__' }), expect.anything()]]);
  });

  it('keeps weights under the class of their layer, every layer with a group', async () => {
    const { files } = await unpack(dsCnn({ size: 'S', seed: 2 }));
    const store = await readHdf5(files['model.weights.h5']!, 'model.weights.h5', { groups: ['vars', 'layers'] });
    expect(store.group('vars')?.members()).toEqual([]);
    expect(store.group('layers/input_layer/vars')?.members()).toEqual([]);
    expect(store.dataset('layers/conv2d_1/vars/0')?.shape).toEqual([1, 1, 64, 64]);
    expect(store.dataset('layers/depthwise_conv2d_3/vars/0')?.shape).toEqual([3, 3, 64, 1]);
    expect(store.group('layers/batch_normalization_8/vars')?.members()).toEqual(['0', '1', '2', '3']);
    expect(store.dataset('layers/dense/vars/0')?.shape).toEqual([64, 12]);
    expect(store.group('layers/conv2d_5')).toBeUndefined();
  });

  it('spells activations and their options as Keras 3 does', async () => {
    const builder = new NetworkBuilder('activations');
    const input = builder.input([4]);
    const leaky = builder.activation('leaky', input, 'leakyRelu', 0.3);
    const network = builder.build([builder.activation('swish', leaky, 'hardSwish')]);
    const { layers } = await unpack(network);
    expect(layers[1]).toMatchObject({ class_name: 'LeakyReLU', config: { negative_slope: 0.3 } });
    expect(layers[1]?.config).not.toHaveProperty('alpha');
    expect(layers[2]).toMatchObject({ class_name: 'Activation', config: { activation: 'hard_silu' } });
    const data = Float32Array.of(-4, -1, 0.5, 2);
    expect(referenceOutputs(await reimport(network), [data])[0]).toEqual(referenceOutputs(network, [data])[0]);
  });
});
