/** Where each file format keeps the weights of shared layers and nested models. */
import { strToU8, zipSync } from 'fflate';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { snakeCase } from '../../../src/core/import/keras/class-names.ts';
import { importFiles, kerasH5, kerasV3, type NamedWeight } from './keras-model-files.ts';
import { chains } from './tensorflow-layers.ts';
import { expectSamePredictions, randomInputs, randomizeWeights, topologyOf, weightsOf } from './tensorflow-model.ts';

const { layers } = tf;

/** A backbone with batch norms in a model of its own, called twice, between layers whose names it repeats. */
function nestedModel(): tf.LayersModel {
  const block = tf.sequential({
    name: 'block',
    layers: [
      layers.conv2d({ name: 'conv', inputShape: [5, 5, 3], filters: 3, kernelSize: 3, padding: 'same' }),
      layers.batchNormalization({ name: 'norm' }),
      layers.reLU({ name: 'relu' }),
    ],
  });
  const x = tf.input({ shape: [5, 5, 2], name: 'image' });
  let y = layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1 }).apply(x) as tf.SymbolicTensor;
  y = block.apply(block.apply(y)) as tf.SymbolicTensor;
  y = layers.batchNormalization({ name: 'norm' }).apply(y) as tf.SymbolicTensor;
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(y) as tf.SymbolicTensor;
  const head = layers.dense({ name: 'head', units: 3 });
  const model = tf.model({
    name: 'net',
    inputs: x,
    outputs: [head.apply(pooled) as tf.SymbolicTensor, layers.dense({ name: 'side', units: 2 }).apply(pooled) as tf.SymbolicTensor],
  });
  randomizeWeights(model, 3);
  return model;
}

/** One layer of each kind, as TensorFlow.js has it. */
const single = chains.map(([name, shape, build]) => {
  const model = (): tf.LayersModel => {
    const x = tf.input({ shape: [...shape] });
    const built = tf.model({ inputs: x, outputs: build(x) });
    randomizeWeights(built);
    return built;
  };
  return [name, model] as const;
});

describe('every layer in a file of its own computes as in TensorFlow.js', () => {
  it.each(single)('.h5: %s', async (_, make) => {
    const model = make();
    const weights = new Map(model.layers.filter((layer) => layer.weights.length > 0).map((layer) => [layer.name, weightsOf(layer)]));
    expectSamePredictions(await importFiles({ model: await kerasH5(topologyOf(model), weights) }), model, randomInputs(model));
  });

  // In a .keras file hard_sigmoid is Keras 3's, which has another slope.
  it.each(single.filter(([name]) => name !== 'Activation hardSigmoid'))('.keras: %s', async (_, make) => {
    const model = make();
    const before = new Map<string, number>();
    const weights = model.layers.flatMap((layer) => {
      const base = snakeCase(layer.getClassName());
      const count = before.get(base) ?? 0;
      before.set(base, count + 1);
      const path = `layers/${base}${count === 0 ? '' : `_${count}`}`;
      return weightsOf(layer).map((weight, i): NamedWeight => ({ ...weight, name: `${path}/vars/${i}` }));
    });
    expectSamePredictions(await importFiles({ model: await kerasV3(topologyOf(model), weights) }), model, randomInputs(model));
  });
});

describe('Keras files', () => {
  it('.h5: a group for each top layer, which lists a nested model’s trainable weights before its statistics', async () => {
    const model = nestedModel();
    const weights = new Map(model.layers.filter((layer) => layer.weights.length > 0).map((layer) => [layer.name, weightsOf(layer)]));
    const imported = await importFiles({ model: await kerasH5(topologyOf(model), weights) });
    expect(imported.format).toBe('keras-h5');
    expectSamePredictions(imported, model, randomInputs(model));
  });

  it('.h5: nested weights whose names tell nothing are taken in Keras’s order', async () => {
    const model = nestedModel();
    const weights = new Map(
      model.layers
        .filter((layer) => layer.weights.length > 0)
        .map((layer) => [
          layer.name,
          weightsOf(layer).map((weight, i): NamedWeight => (layer.name === 'block' ? { ...weight, name: `block/variable_${i}` } : weight)),
        ]),
    );
    expectSamePredictions(await importFiles({ model: await kerasH5(topologyOf(model), weights) }), model, randomInputs(model));
  });

  it('.keras: weights by class and position, in nested models too, and a shared layer once', async () => {
    const reference = (layer: string, node = 0): object => ({
      class_name: '__keras_tensor__',
      config: { shape: [null, 4], dtype: 'float32', keras_history: [layer, node, 0] },
    });
    const entry = (class_name: string, name: string, config: object, calls: readonly (readonly object[])[] = []): object => ({
      module: 'keras.layers',
      class_name,
      registered_name: null,
      name,
      config: { name, ...config },
      inbound_nodes: calls.map((args) => ({ args: args.length > 1 ? [args] : args, kwargs: {} })),
    });
    const input = { batch_shape: [null, 4], dtype: 'float32' };
    const config = {
      module: 'keras',
      class_name: 'Functional',
      config: {
        name: 'net',
        trainable: true,
        input_layers: [['in', 0, 0]],
        output_layers: [['out', 0, 0]],
        layers: [
          entry('InputLayer', 'in', input),
          entry('Dense', 'first', { units: 4, use_bias: true, activation: 'hard_sigmoid' }, [[reference('in')]]),
          entry(
            'Sequential',
            'block',
            {
              layers: [
                entry('InputLayer', 'block_in', input),
                entry('Dense', 'first', { units: 4, use_bias: false, activation: 'linear' }),
                entry('LeakyReLU', 'leaky', { negative_slope: 0.25 }),
              ],
            },
            [[reference('first')]],
          ),
          entry('Dense', 'shared', { units: 4, use_bias: false, activation: 'tanh' }, [[reference('block')], [reference('first')]]),
          entry('Add', 'out', {}, [[reference('shared'), reference('shared', 1)]]),
        ],
      },
    };
    const matrix = (seed: number): Float32Array => randomData(16, seed);
    const weight = (name: string, shape: readonly number[], data: Float32Array): NamedWeight => ({ name, shape, data });
    const [first, inner, shared, bias] = [matrix(1), matrix(2), matrix(3), randomData(4, 4)];
    const file = await kerasV3(config, [
      weight('layers/dense/vars/0', [4, 4], first),
      weight('layers/dense/vars/1', [4], bias),
      weight('layers/sequential/layers/dense/vars/0', [4, 4], inner),
      weight('layers/dense_1/vars/0', [4, 4], shared),
    ]);
    const { network, format } = await importFiles({ model: file });
    expect(format).toBe('keras-v3');
    const x = randomData(4, 9);
    const product = (a: tf.Tensor, kernel: Float32Array): tf.Tensor => tf.matMul(a, tf.tensor2d(kernel, [4, 4]));
    const h = tf.clipByValue(tf.add(tf.div(tf.add(product(tf.tensor2d(x, [1, 4]), first), tf.tensor1d(bias)), 6), 0.5), 0, 1);
    const expected = tf.add(tf.tanh(product(tf.leakyRelu(product(h, inner), 0.25), shared)), tf.tanh(product(h, shared))).dataSync();
    referenceOutputs(network, [x])[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });

  it('.keras: an archive stays one where what it holds lies where HDF5 files may begin', async () => {
    const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
    const stored = new Uint8Array(4096);
    // The name and the header before it take 35 bytes.
    for (const offset of [512, 1024, 2048]) stored.set(signature, offset - 35);
    const archive = zipSync({ 'a.bin': [stored, { level: 0 }] });
    expect(archive.subarray(512, 520)).toEqual(signature);
    await expect(importFiles({ 'a.keras': archive })).rejects.toThrow(/config\.json/);
  });

  it('.keras: a zip of other things is refused by what it lacks', async () => {
    await expect(importFiles({ 'a.zip': zipSync({ 'readme.txt': strToU8('hello') }) })).rejects.toMatchObject({
      code: 'unsupported-model',
      message: expect.stringMatching(/a\.zip: is a zip without config\.json; give a model saved by/) as string,
    });
  });
});

describe('TFJS layers models', () => {
  /** The weights of a model, stored by `write` in shards of 7 bytes, which end within numbers. */
  async function importSharded(
    model: tf.LayersModel,
    write: (weight: NamedWeight) => { entry: object; bytes: Uint8Array },
  ): ReturnType<typeof importFiles> {
    const stored = weightsOf(model).map((weight) => {
      const { entry, bytes } = write(weight);
      return { entry: { name: weight.name, shape: weight.shape, dtype: 'float32', ...entry }, bytes };
    });
    const bytes = Buffer.concat(stored.map((weight) => weight.bytes));
    const paths = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => `shard${i}.bin`);
    const manifest = [{ paths, weights: stored.map(({ entry }) => entry) }];
    return importFiles({
      'model.json': JSON.stringify({ format: 'layers-model', modelTopology: topologyOf(model), weightsManifest: manifest }),
      ...Object.fromEntries(paths.map((path, i) => [path, bytes.subarray(i * 7, i * 7 + 7)])),
    });
  }

  /** Weights that every number format below holds exactly, so that outputs stay comparable. */
  function coarseModel(): tf.LayersModel {
    const model = tf.sequential({ layers: [layers.dense({ units: 4, inputShape: [3], activation: 'relu' }), layers.dense({ units: 2 })] });
    randomizeWeights(model, 8);
    for (const weight of model.weights) weight.write(tf.round(tf.mul(weight.read(), 16)).div(8));
    return model;
  }

  it('reads weights across many shards', async () => {
    const model = nestedModel();
    expectSamePredictions(
      await importSharded(model, ({ data }) => ({ entry: {}, bytes: new Uint8Array(data.buffer) })),
      model,
      randomInputs(model),
    );
  });

  it.each(['uint8', 'uint16'] as const)('reads weights quantized to %s', async (dtype) => {
    const model = coarseModel();
    const imported = await importSharded(model, ({ data }) => {
      const codes = data.map((value) => Math.round((value + 8) * 8));
      return {
        entry: { quantization: { dtype, scale: 1 / 8, min: -8, original_dtype: 'float32' } },
        bytes: new Uint8Array(dtype === 'uint8' ? Uint8Array.from(codes).buffer : Uint16Array.from(codes).buffer),
      };
    });
    expectSamePredictions(imported, model, randomInputs(model));
  });

  it('reads weights quantized to float16', async () => {
    const model = coarseModel();
    const imported = await importSharded(model, ({ data }) => ({
      entry: { quantization: { dtype: 'float16', original_dtype: 'float32' } },
      bytes: new Uint8Array(Uint16Array.from(data, toFloat16).buffer),
    }));
    expectSamePredictions(imported, model, randomInputs(model));
  });

  it('names a shard that is missing, and one that lies elsewhere', async () => {
    const model = coarseModel();
    const json = (path: string): string =>
      JSON.stringify({
        modelTopology: topologyOf(model),
        weightsManifest: [{ paths: [path], weights: [{ name: 'x', shape: [1], dtype: 'float32' }] }],
      });
    await expect(importFiles({ 'model.json': json('group1-shard1of1.bin') })).rejects.toMatchObject({
      code: 'file-access',
      message: expect.stringMatching(/group1-shard1of1\.bin: does not exist/) as string,
    });
    await expect(importFiles({ 'model.json': json('../secret.bin') })).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringMatching(/is not beside model\.json; put all shards/) as string,
    });
  });

  it('says by which weight a shard is too short', async () => {
    const model = coarseModel();
    await expect(
      importSharded(model, ({ name, data }) => ({
        entry: {},
        bytes: new Uint8Array(data.buffer).slice(0, name.endsWith('bias') ? 0 : undefined),
      })),
    ).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringMatching(/weight ".+" ends after its shards do.*; a shard is truncated or missing/) as string,
    });
  });
});

/** IEEE 754 binary16 of a number that it holds exactly. */
function toFloat16(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
}
