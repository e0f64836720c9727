/** Every layer that TensorFlow.js has computes the same after import as TensorFlow.js computes itself. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { chains, channelsFirstNetworks, image, merges, inTurn, type Tensor } from './tensorflow-layers.ts';
import { expectSamePredictions, importFromTensorflow, randomInputs, randomizeWeights } from './tensorflow-model.ts';

const { layers } = tf;

async function expectSame(inputs: Tensor | Tensor[], outputs: Tensor | Tensor[], integers?: number): Promise<void> {
  const model = tf.model({ inputs, outputs });
  randomizeWeights(model);
  expectSamePredictions(await importFromTensorflow(model), model, randomInputs(model, integers));
}

describe('layers compute as in TensorFlow.js', () => {
  it.each(chains)('%s', async (_, shape, build) => {
    const x = tf.input({ shape: [...shape] });
    await expectSame(x, build(x));
  });

  it.each(merges)('%s', async (_, shape, build) => {
    const xs = [0, 1, 2].map(() => tf.input({ shape: [...shape] }));
    await expectSame(xs, build(xs[0]!, xs[1]!, xs[2]!));
  });

  it.each(channelsFirstNetworks)('channels first: %s', async (_, build) => {
    const x = tf.input({ shape: [3, 8, 6] });
    await expectSame(x, build(x));
  });

  it('Embedding', async () => {
    const x = tf.input({ shape: [6] });
    await expectSame(x, inTurn(layers.embedding({ inputDim: 9, outputDim: 4 }), layers.flatten(), layers.dense({ units: 2 }))(x), 9);
  });
});

describe('graphs compute as in TensorFlow.js', () => {
  it('a layer that is called twice', async () => {
    const [a, b] = [tf.input({ shape: image }), tf.input({ shape: image })];
    const shared = layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' });
    const model = tf.model({
      inputs: [a, b],
      outputs: layers.add().apply([shared.apply(a) as Tensor, shared.apply(b) as Tensor]) as Tensor,
    });
    randomizeWeights(model);
    const imported = await importFromTensorflow(model);
    expectSamePredictions(imported, model, randomInputs(model));
    expect(imported.network.parameters.size).toBe(2);
  });

  it('several inputs and outputs, in their order', async () => {
    const [a, b] = [tf.input({ shape: [4], name: 'second' }), tf.input({ shape: [3], name: 'first' })];
    const joined = layers.concatenate().apply([a, b]) as Tensor;
    await expectSame(
      [b, a],
      [
        layers.dense({ units: 2, name: 'z' }).apply(joined) as Tensor,
        layers.dense({ units: 5, name: 'a', activation: 'tanh' }).apply(b) as Tensor,
        joined,
      ],
    );
  });

  it('nested models, one of them called twice, with batch norms and layer names that repeat', async () => {
    const block = tf.sequential({
      name: 'block',
      layers: [
        layers.conv2d({ name: 'conv', inputShape: image, filters: 3, kernelSize: 3, padding: 'same' }),
        layers.batchNormalization({ name: 'norm' }),
        layers.reLU({ name: 'relu' }),
      ],
    });
    const inner = tf.input({ shape: image });
    const outerBlock = tf.model({
      name: 'outer',
      inputs: inner,
      outputs: layers.add({ name: 'sum' }).apply([block.apply(inner) as Tensor, inner]) as Tensor,
    });
    const x = tf.input({ shape: image });
    const first = layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1 }).apply(x) as Tensor;
    const twice = outerBlock.apply(outerBlock.apply(first)) as Tensor;
    await expectSame(x, inTurn(layers.globalAveragePooling2d({}), layers.dense({ units: 2 }))(twice));
  });
});
