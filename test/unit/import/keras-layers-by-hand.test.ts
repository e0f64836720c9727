/** Layers that TensorFlow.js lacks or computes otherwise: against values computed by hand, or by its operations. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { importLayers, type LayerEntry, type NamedWeight } from './keras-model-files.ts';

interface Case {
  readonly input: readonly number[];
  readonly layers: readonly LayerEntry[];
  readonly weights?: readonly NamedWeight[];
  readonly keras?: string;
  readonly given: readonly number[];
  readonly expected: readonly number[];
}

const layer = (class_name: string, config: LayerEntry['config'] = {}): LayerEntry => ({ class_name, config });
const weight = (name: string, shape: readonly number[], data: readonly number[]): NamedWeight => ({
  name,
  shape,
  data: Float32Array.from(data),
});
/** The input as `[1, 4, 1]`: four steps of one channel. */
const steps = { input: [4, 1], given: [1, 2, 3, 4] };

const cases: Readonly<Record<string, Case>> = {
  'hard_sigmoid of Keras 2: 0.2 x + 0.5': {
    input: [4],
    layers: [layer('Activation', { activation: 'hard_sigmoid' })],
    given: [-3, -1, 1, 3],
    expected: [0, 0.3, 0.7, 1],
  },
  'hard_sigmoid of Keras 3: x / 6 + 0.5': {
    input: [4],
    layers: [layer('Activation', { activation: 'hard_sigmoid' })],
    keras: '3.5.0',
    given: [-4, -1.5, 1.5, 2.4],
    expected: [0, 0.25, 0.75, 0.9],
  },
  'hard_swish: x relu6(x + 3) / 6': {
    input: [3],
    layers: [layer('Activation', { activation: 'hard_swish' })],
    given: [-4, 1, 4],
    expected: [0, 4 / 6, 4],
  },
  'leaky_relu as a function, of slope 0.2': {
    input: [2],
    layers: [layer('Activation', { activation: 'leaky_relu' })],
    given: [-2, 2],
    expected: [-0.4, 2],
  },
  'LeakyReLU of Keras 3, with its slope': {
    input: [2],
    layers: [layer('LeakyReLU', { negative_slope: 0.25 })],
    keras: '3.5.0',
    given: [-2, 2],
    expected: [-0.5, 2],
  },
  'ELU with an alpha': { input: [2], layers: [layer('ELU', { alpha: 0.5 })], given: [-1, 2], expected: [0.5 * Math.expm1(-1), 2] },
  'ReLU with a maximum and a slope': {
    input: [3],
    layers: [layer('ReLU', { max_value: 3, negative_slope: 0.1 })],
    given: [-2, 2, 5],
    expected: [-0.2, 2, 3],
  },
  'Normalization, statistics among the weights': {
    input: [1, 2],
    layers: [layer('Normalization', { name: 'norm' })],
    weights: [weight('norm/mean', [2], [1, 2]), weight('norm/variance', [2], [4, 0.25]), weight('norm/count', [], [9])],
    given: [3, 3],
    expected: [1, 2],
  },
  'Normalization, statistics in the config': {
    input: [2],
    layers: [layer('Normalization', { mean: [1, 2], variance: [4, 0.25] })],
    given: [3, 3],
    expected: [1, 2],
  },
  'Normalization, inverted': {
    input: [2],
    layers: [layer('Normalization', { mean: [1, 2], variance: [4, 0.25], invert: true })],
    given: [1, 2],
    expected: [3, 3],
  },
  'Rescaling by channel': {
    input: [1, 2],
    layers: [layer('Rescaling', { scale: [2, 3], offset: [1, -1] })],
    given: [1, 1],
    expected: [3, 2],
  },
  // The image [2, 1, 2] is given with its channels last, as the importer converts inputs; the output keeps its axes.
  'BatchNormalization over the first axis': {
    input: [2, 1, 2],
    layers: [layer('BatchNormalization', { name: 'norm', axis: [1], epsilon: 0 })],
    weights: [
      weight('norm/gamma', [2], [1, 2]),
      weight('norm/beta', [2], [0, 1]),
      weight('norm/moving_mean', [2], [1, 2]),
      weight('norm/moving_variance', [2], [4, 1]),
    ],
    given: [1, 1, 3, 3],
    expected: [0, 1, -1, 3],
  },
  'Conv1D, causal: a step sees itself and the past': {
    ...steps,
    layers: [layer('Conv1D', { name: 'conv', kernel_size: [2], filters: 1, padding: 'causal', dilation_rate: [2], use_bias: false })],
    weights: [weight('conv/kernel', [2, 1, 1], [10, 1])],
    expected: [1, 2, 13, 24],
  },
  Conv1DTranspose: {
    ...steps,
    layers: [layer('Conv1DTranspose', { name: 'conv', kernel_size: [2], filters: 1, strides: [2], use_bias: false })],
    weights: [weight('conv/kernel', [2, 1, 1], [1, 10])],
    expected: [1, 10, 2, 20, 3, 30, 4, 40],
  },
  DepthwiseConv1D: {
    ...steps,
    layers: [layer('DepthwiseConv1D', { name: 'conv', kernel_size: [2], strides: [1] })],
    weights: [weight('conv/depthwise_kernel', [2, 1, 1], [1, 10]), weight('conv/bias', [1], [0.5])],
    expected: [21.5, 32.5, 43.5],
  },
  ZeroPadding1D: { ...steps, layers: [layer('ZeroPadding1D', { padding: [1, 2] })], expected: [0, 1, 2, 3, 4, 0, 0] },
  Cropping1D: { ...steps, layers: [layer('Cropping1D', { cropping: [1, 2] })], expected: [2] },
  UpSampling1D: { ...steps, layers: [layer('UpSampling1D', { size: 2 })], expected: [1, 1, 2, 2, 3, 3, 4, 4] },
  'MaxPooling1D, same': { ...steps, layers: [layer('MaxPooling1D', { pool_size: [3], strides: [2], padding: 'same' })], expected: [3, 4] },
  'GlobalAveragePooling1D that keeps its axis': {
    ...steps,
    layers: [layer('GlobalAveragePooling1D', { keepdims: true })],
    expected: [2.5],
  },
  'UpSampling2D, bilinear with half-pixel centres': {
    input: [1, 2, 1],
    layers: [layer('UpSampling2D', { size: [1, 2], interpolation: 'bilinear' })],
    given: [0, 4],
    expected: [0, 1, 3, 4],
  },
  'an activation layer inside of a layer': {
    input: [2],
    layers: [
      layer('Dense', {
        name: 'dense',
        units: 1,
        use_bias: false,
        activation: { class_name: 'LeakyReLU', config: { negative_slope: 0.5 } },
      }),
    ],
    weights: [weight('dense/kernel', [2, 1], [1, -2])],
    given: [1, 2],
    expected: [-1.5],
  },
  'a convolution with a group for every channel': {
    input: [1, 1, 2],
    layers: [layer('Conv2D', { name: 'conv', kernel_size: [1, 1], filters: 4, groups: 2, use_bias: false })],
    weights: [weight('conv/kernel', [1, 1, 1, 4], [1, 2, 3, 4])],
    given: [10, 100],
    expected: [10, 20, 300, 400],
  },
};

describe('layers computed by hand', () => {
  it.each(Object.entries(cases))('%s', async (_, { input, layers, weights, keras, given, expected }) => {
    const { network } = await importLayers(input, layers, weights, keras);
    const [output] = referenceOutputs(network, [given]);
    expect(output!.length).toBe(expected.length);
    output!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });

  it('SeparableConv1D is SeparableConv2D of height 1', async () => {
    const [x, depthwise, pointwise] = [randomData(8 * 3, 1), randomData(3 * 3 * 2, 2), randomData(6 * 4, 3)];
    const { network } = await importLayers(
      [8, 3],
      [layer('SeparableConv1D', { name: 'conv', kernel_size: [3], filters: 4, depth_multiplier: 2, padding: 'same', use_bias: false })],
      [
        { name: 'conv/depthwise_kernel', shape: [3, 3, 2], data: depthwise },
        { name: 'conv/pointwise_kernel', shape: [1, 6, 4], data: pointwise },
      ],
    );
    const expected = tf
      .separableConv2d(tf.tensor4d(x, [1, 1, 8, 3]), tf.tensor4d(depthwise, [1, 3, 3, 2]), tf.tensor4d(pointwise, [1, 1, 6, 4]), 1, 'same')
      .dataSync();
    referenceOutputs(network, [x])[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });
});
