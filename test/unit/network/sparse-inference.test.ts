import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network, ValueId } from '../../../src/core/network/network.ts';
import { mobileNetV1 } from '../../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import { resnet8 } from '../../../src/core/models/resnet-8.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { layOutSparsePart, turnedIndex } from '../../../src/core/network/sparse-inference/lay-out.ts';
import { findSparsePart, hasEnoughZeros, zerosOfPart } from '../../../src/core/network/sparse-inference/sparse-part.ts';
import { createRandom } from '../../../src/core/random.ts';
import { referenceOutputs } from './reference-executor.ts';
import { randomMobileNet, withZeros } from './sparse-networks.ts';

const ones = (shape: readonly number[]): { shape: readonly number[]; data: Float32Array } => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});

/** A head of 4 channels on 16x16x3, what `body` adds, and a mean. */
function withBody(
  body: (builder: NetworkBuilder, value: ValueId) => ValueId,
  head: { size?: number; stride?: number; channels?: number } = {},
): Network {
  const { size = 3, stride = 2, channels = 3 } = head;
  const builder = new NetworkBuilder('net');
  const first = builder.conv2d('head', builder.input([16, 16, channels]), {
    kernel: ones([4, size, size, channels]),
    strides: [stride, stride],
    padding: 'same',
  });
  return prepareForDeployment(builder.build([builder.globalPool('mean', body(builder, first), 'average')]));
}

function pointwise(builder: NetworkBuilder, value: ValueId, name = 'pointwise'): ValueId {
  return builder.conv2d(name, value, { kernel: ones([4, 1, 1, 4]), padding: 'same' });
}

function obstaclesOf(network: Network): readonly string[] {
  return findSparsePart(network).obstacles.map(({ layer, what }) => `${layer} ${what}`);
}

describe('the part that XNNPACK can run sparse', () => {
  it('is all of a MobileNet up to the mean: head, depthwise and pointwise convolutions', () => {
    for (const network of [mobileNetV1, mobileNetV2].map((build) =>
      prepareForDeployment(build({ inputSize: 32, alpha: 0.25, classes: 10, seed: 1 })),
    )) {
      const { part } = findSparsePart(network);
      const kernels = network.operations.filter((operation) => operation.kind === 'conv2d');
      // The first convolution, and in the first network the classifier, are not among the pointwise ones.
      expect(part?.pointwise.length).toBe(kernels.length - (network.name.includes('v1') ? 2 : 1));
      expect(part?.turned).toBe(true);
    }
  });

  it.each([
    ['a 7x7 head', withBody(pointwise, { size: 7 }), 'head is a 7x7 convolution with stride 2 on 3 channels, and sparse inference begins'],
    ['a head of stride 1', withBody(pointwise, { stride: 1 }), 'head is a 3x3 convolution with stride 1'],
    ['grey images', withBody(pointwise, { channels: 1 }), 'head is a 3x3 convolution with stride 2 on 1 channels'],
    [
      'a max pooling',
      withBody((builder, value) => builder.pool2d('pool', pointwise(builder, value), 'max', [2, 2])),
      'pool is of the kind pool2d',
    ],
    [
      'a 3x3 convolution inside',
      withBody((builder, value) => builder.conv2d('inner', pointwise(builder, value), { kernel: ones([4, 3, 3, 4]), padding: 'same' })),
      'inner is a 3x3 convolution with stride 1 on 4 channels; between, only 1x1',
    ],
    [
      'a strided 1x1 convolution',
      withBody((builder, value) => builder.conv2d('short', pointwise(builder, value), { kernel: ones([4, 1, 1, 4]), strides: [2, 2] })),
      'short is a 1x1 convolution with stride 2',
    ],
    [
      'a concatenation',
      withBody((builder, value) => builder.concat('joined', [value, pointwise(builder, value)], 2)),
      'joined is of the kind concat',
    ],
    [
      'an activation that older releases lack',
      withBody((builder, value) => builder.activation('gelu', pointwise(builder, value), 'gelu', 1)),
      'gelu computes gelu',
    ],
    [
      'a depthwise convolution that multiplies channels',
      withBody((builder, value) =>
        builder.depthwiseConv2d('wide', pointwise(builder, value), { kernel: ones([1, 3, 3, 8]), padding: 'same' }),
      ),
      'wide is a 3x3 depthwise convolution',
    ],
    [
      'a depthwise convolution without padding',
      withBody((builder, value) => builder.depthwiseConv2d('valid', pointwise(builder, value), { kernel: ones([1, 3, 3, 4]) })),
      'valid is a 3x3 depthwise convolution',
    ],
    ['no pointwise convolution', withBody((_builder, value) => value), 'head has no 1x1 convolution after it'],
  ])('is missing with %s, and the layer is named', (_name, network, expected) => {
    const obstacles = obstaclesOf(network);
    expect(obstacles).toHaveLength(1);
    expect(obstacles[0]).toContain(expected);
  });

  it('is missing where strided convolutions pad on different sides: on even images "same" pads behind', () => {
    const network = withBody((builder, value) => {
      const padded = builder.pad('pad', pointwise(builder, value), [
        [1, 1],
        [1, 1],
        [0, 0],
      ]);
      return builder.depthwiseConv2d('around', padded, { kernel: ones([1, 3, 3, 4]), strides: [2, 2] });
    });
    expect(obstaclesOf(network)).toEqual([expect.stringMatching(/^(head|around) pads its image on other sides/)]);
  });

  it('needs a network that ends in a mean', () => {
    const builder = new NetworkBuilder('flat');
    const head = builder.conv2d('head', builder.input([16, 16, 3]), { kernel: ones([4, 3, 3, 3]), strides: [2, 2], padding: 'same' });
    const network = prepareForDeployment(builder.build([builder.flatten('flatten', pointwise(builder, head))]));
    expect(obstaclesOf(network)).toEqual([expect.stringContaining('flatten is of the kind reshape')]);
  });

  it('names every operation in the way of a ResNet', () => {
    expect(obstaclesOf(prepareForDeployment(resnet8({ seed: 1 }))).length).toBeGreaterThan(0);
  });

  it('counts zeros of pointwise kernels alone, of which more than two thirds are needed', () => {
    const network = withBody(pointwise);
    const { part } = findSparsePart(network);
    if (part === undefined) throw new Error('no part');
    expect(zerosOfPart(network, part)).toEqual({ zeros: 0, weights: 16 });
    expect(zerosOfPart(withZeros(network, part, 0.5), part)).toEqual({ zeros: 8, weights: 16 });
    expect(hasEnoughZeros({ zeros: 10, weights: 15 })).toBe(false);
    expect(hasEnoughZeros({ zeros: 11, weights: 15 })).toBe(true);
  });
});

describe('the layout for sparse kernels', () => {
  it('turns windows by 180 degrees, channel by channel', () => {
    // [1, 2, 2, 2]: pixels (a, b), (c, d), (e, f), (g, h).
    expect(Array.from({ length: 8 }, (_, i) => turnedIndex([1, 2, 2, 2])(i))).toEqual([6, 7, 4, 5, 2, 3, 0, 1]);
    expect(Array.from({ length: 4 }, (_, i) => turnedIndex([2, 1, 1, 2])(i))).toEqual([0, 1, 2, 3]);
  });

  it.each(['same', 'behind', 'around'] as const)('computes the same function, with padding %s', (padding) => {
    for (let seed = 1; seed <= 12; seed++) {
      const network = randomMobileNet(seed, padding);
      const { part, obstacles } = findSparsePart(network);
      if (part === undefined) throw new Error(`seed ${seed}: ${JSON.stringify(obstacles)}`);
      expect(part.turned).toBe(padding !== 'around');
      const random = createRandom(seed);
      const shape = network.values.get(network.inputs[0] ?? '')?.shape ?? [];
      const image = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.next());
      const { network: laidOut, turn } = layOutSparsePart(network, part);
      const source = turnedIndex([1, ...shape]);
      const read =
        turn === undefined ? laidOut : { ...laidOut, inputs: [turn.to], values: new Map([...laidOut.values, [turn.to, { shape }]]) };
      const [found = []] = referenceOutputs(read, [turn === undefined ? image : image.map((_, i) => image[source(i)] ?? 0)]);
      const [expected = []] = referenceOutputs(network, [image]);
      Array.from(found).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 9));
    }
  });
});
