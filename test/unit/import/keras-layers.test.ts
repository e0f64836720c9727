/** Every layer that TensorFlow.js has computes the same after import as TensorFlow.js computes itself. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectSamePredictions, importFromTensorflow, randomInputs, randomizeWeights } from './tensorflow-model.ts';

const { layers } = tf;
type Tensor = tf.SymbolicTensor;
const image = [8, 6, 3];
const sequence = [10, 4];
const then =
  (...chain: readonly tf.layers.Layer[]) =>
  (x: Tensor): Tensor =>
    chain.reduce((value, layer) => layer.apply(value) as Tensor, x);

const chains: readonly (readonly [string, readonly number[], (x: Tensor) => Tensor])[] = [
  [
    'Conv2D, same, strides',
    image,
    then(layers.conv2d({ filters: 5, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'relu' })),
  ],
  [
    'Conv2D, valid, dilated, without bias',
    image,
    then(layers.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, useBias: false, activation: 'tanh' })),
  ],
  [
    'DepthwiseConv2D with a multiplier',
    image,
    then(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu6' })),
  ],
  [
    'SeparableConv2D',
    image,
    then(layers.separableConv2d({ filters: 6, kernelSize: 3, depthMultiplier: 2, strides: 2, padding: 'same', activation: 'sigmoid' })),
  ],
  ['Conv2DTranspose, same', image, then(layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }))],
  [
    'Conv2DTranspose, valid, kernel smaller than the stride',
    image,
    then(layers.conv2dTranspose({ filters: 2, kernelSize: [2, 5], strides: [3, 2], activation: 'elu' })),
  ],
  ['Conv1D, same, strides', sequence, then(layers.conv1d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }))],
  ['Conv1D, dilated', sequence, then(layers.conv1d({ filters: 5, kernelSize: 3, dilationRate: 2 }))],
  [
    'ZeroPadding2D, each side its own',
    image,
    then(
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
  ],
  [
    'Cropping2D',
    image,
    then(
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
  ],
  ['UpSampling2D', image, then(layers.upSampling2d({ size: [2, 3] }))],
  ['MaxPooling2D, same', image, then(layers.maxPooling2d({ poolSize: [3, 2], strides: [2, 2], padding: 'same' }))],
  ['AveragePooling2D, same: padding is not counted', image, then(layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }))],
  ['MaxPooling1D', sequence, then(layers.maxPooling1d({ poolSize: 3, strides: 2 }))],
  ['AveragePooling1D', sequence, then(layers.averagePooling1d({ poolSize: 2 }))],
  ['GlobalMaxPooling2D', image, then(layers.globalMaxPooling2d({}))],
  ['GlobalAveragePooling2D', image, then(layers.globalAveragePooling2d({}))],
  ['GlobalMaxPooling1D', sequence, then(layers.globalMaxPooling1d({}))],
  ['GlobalAveragePooling1D', sequence, then(layers.globalAveragePooling1d({}))],
  ['BatchNormalization', image, then(layers.batchNormalization({ epsilon: 0.01 }))],
  ['BatchNormalization without scale or offset', image, then(layers.batchNormalization({ scale: false, center: false }))],
  ['Dense over the last axis', image, then(layers.dense({ units: 4, activation: 'softmax' }))],
  ['Flatten and Dense without bias', image, then(layers.flatten(), layers.dense({ units: 4, useBias: false }))],
  ['Reshape with an open length', image, then(layers.reshape({ targetShape: [-1, 9] }))],
  ['Permute', image, then(layers.permute({ dims: [3, 1, 2] }))],
  ['RepeatVector', [5], then(layers.repeatVector({ n: 3 }))],
  ['PReLU with an alpha for every element', image, then(layers.prelu({}))],
  ['PReLU with an alpha for every channel', image, then(layers.prelu({ sharedAxes: [1, 2] }))],
  ['LeakyReLU', image, then(layers.leakyReLU({ alpha: 0.15 }))],
  ['ELU', image, then(layers.elu({}))],
  ['ReLU with a maximum of 6', image, then(layers.rescaling({ scale: 8 }), layers.reLU({ maxValue: 6 }))],
  ['ReLU with a maximum of 2', image, then(layers.rescaling({ scale: 4 }), layers.reLU({ maxValue: 2 }))],
  ['Softmax', [7], then(layers.softmax({}))],
  ['Rescaling', image, then(layers.rescaling({ scale: 1 / 127.5, offset: -1 }))],
  [
    'Dropout and noise, which only act in training',
    image,
    then(layers.dropout({ rate: 0.5 }), layers.gaussianNoise({ stddev: 1 }), layers.gaussianDropout({ rate: 0.3 })),
  ],
  ...(['relu', 'relu6', 'elu', 'selu', 'sigmoid', 'hardSigmoid', 'tanh', 'softmax', 'linear', 'swish'] as const).map(
    (activation) => [`Activation ${activation}`, image, then(layers.rescaling({ scale: 3 }), layers.activation({ activation }))] as const,
  ),
];

const merges: readonly (readonly [string, readonly number[], (x: Tensor, y: Tensor, z: Tensor) => Tensor])[] = [
  ['Add of three', image, (...xs) => layers.add().apply(xs) as Tensor],
  ['Multiply of three', image, (...xs) => layers.multiply().apply(xs) as Tensor],
  ['Average of three', image, (...xs) => layers.average().apply(xs) as Tensor],
  ['Maximum of three', image, (...xs) => layers.maximum().apply(xs) as Tensor],
  ['Minimum of three', image, (...xs) => layers.minimum().apply(xs) as Tensor],
  ['Concatenate along the channels', image, (...xs) => layers.concatenate().apply(xs) as Tensor],
  ['Concatenate along the rows', image, (...xs) => layers.concatenate({ axis: 1 }).apply(xs) as Tensor],
];

const channelsFirst = { dataFormat: 'channelsFirst' } as const;
const images: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  [
    'convolutions, pooling, Flatten, Dense',
    then(
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', ...channelsFirst }),
      layers.leakyReLU({}),
      layers.maxPooling2d({ poolSize: 2, ...channelsFirst }),
      layers.conv2d({ filters: 5, kernelSize: 2, ...channelsFirst }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ),
  ],
  [
    'a depthwise convolution, padding, pooling to one',
    then(
      layers.zeroPadding2d({
        padding: [
          [0, 1],
          [1, 2],
        ],
        ...channelsFirst,
      }),
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, ...channelsFirst }),
      layers.globalAveragePooling2d(channelsFirst),
      layers.dense({ units: 3 }),
    ),
  ],
  [
    'an image as output',
    then(
      layers.upSampling2d({ size: [2, 2], ...channelsFirst }),
      layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same', ...channelsFirst }),
    ),
  ],
  [
    'branches joined along the channels',
    (x) => {
      const left = layers.conv2d({ filters: 2, kernelSize: 1, ...channelsFirst }).apply(x) as Tensor;
      const right = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', ...channelsFirst }).apply(x) as Tensor;
      return layers.flatten().apply(layers.concatenate({ axis: 1 }).apply([left, right])) as Tensor;
    },
  ],
];

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

  it.each(images)('channels first: %s', async (_, build) => {
    const x = tf.input({ shape: [3, 8, 6] });
    await expectSame(x, build(x));
  });

  it('Embedding', async () => {
    const x = tf.input({ shape: [6] });
    await expectSame(x, then(layers.embedding({ inputDim: 9, outputDim: 4 }), layers.flatten(), layers.dense({ units: 2 }))(x), 9);
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
    await expectSame(x, then(layers.globalAveragePooling2d({}), layers.dense({ units: 2 }))(twice));
  });
});
