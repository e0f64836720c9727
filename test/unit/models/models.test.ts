import { describe, expect, it } from 'vitest';
import { dsCnn } from '../../../src/core/models/ds-cnn.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { mobileNetV1 } from '../../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import { resnet8 } from '../../../src/core/models/resnet-8.ts';
import { uNet } from '../../../src/core/models/u-net.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { validateNetwork } from '../../../src/core/network/validate-network.ts';

const parameterCount = (network: Network): number => [...network.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);

describe('model builders', () => {
  it.each([
    ['MobileNet_v1 1.0 224', mobileNetV1({ seed: 1 }), 4_253_864, [1000]],
    ['MobileNet-V2 1.0 224', mobileNetV2({ seed: 1 }), 3_538_984, [1000]],
    ['the guide’s MNIST net', mnistCnn({ seed: 1 }), 120 + 20_290, [10]],
    ['ResNet-8', resnet8({ seed: 1 }), 78_666, [10]],
  ])('%s has the published number of parameters', (_, network, expected, output) => {
    validateNetwork(network);
    expect(parameterCount(network)).toBe(expected);
    expect(network.values.get(network.outputs[0]!)!.shape).toEqual(output);
  });

  it('DS-CNN-L has the shapes of its paper', () => {
    const network = dsCnn({ size: 'L', seed: 1 });
    validateNetwork(network);
    const shapes = network.operations
      .filter((operation) => operation.kind === 'conv2d' || operation.kind === 'depthwiseConv2d')
      .map((operation) => network.values.get(operation.output)!.shape);
    expect(shapes[0]).toEqual([25, 10, 276]);
    expect(shapes.slice(1)).toEqual(Array.from({ length: 10 }, () => [13, 5, 276]));
  });

  it('U-Net gives a class for each position, and names sides that it cannot halve', () => {
    const network = uNet({ alpha: 0.125, inputSize: [48, 32], classes: 4, seed: 1 });
    validateNetwork(network);
    expect(network.values.get(network.outputs[0]!)!.shape).toEqual([48, 32, 4]);
    const kernels = [...network.parameters].filter(([id]) => id.endsWith('/kernel')).reduce((sum, [, { data }]) => sum + data.length, 0);
    // Two 3x3 convolutions at each of nine places, four 2x2 transposed ones, and the 1x1 classifier.
    const pair = (input: number, filters: number): number => 9 * (input * filters + filters * filters);
    const expected =
      pair(3, 8) + pair(8, 16) + pair(16, 32) + pair(32, 64) + pair(64, 128) + pair(128, 64) + pair(64, 32) + pair(32, 16) + pair(16, 8);
    expect(kernels).toBe(expected + 4 * (128 * 64 + 64 * 32 + 32 * 16 + 16 * 8) + 8 * 4);
    expect(() => uNet({ inputSize: 40, seed: 1 })).toThrow(/40x40 cannot be halved 4 times/);
  });

  it('gives the same weights for the same seed, others for another', () => {
    const kernel = (seed: number): Float32Array => mnistCnn({ seed }).parameters.get('dense/kernel')!.data;
    expect(kernel(3)).toEqual(kernel(3));
    expect(kernel(3)).not.toEqual(kernel(4));
  });

  it('builds narrow MobileNets for small images', () => {
    for (const network of [
      mobileNetV1({ alpha: 0.25, inputSize: 32, classes: 10, seed: 0 }),
      mobileNetV2({ alpha: 0.35, inputSize: 32, classes: 10, seed: 0, firstStride: 1 }),
    ]) {
      validateNetwork(network);
      expect(network.values.get(network.outputs[0]!)!.shape).toEqual([10]);
    }
  });
});
