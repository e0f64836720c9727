/** Every layer's weights against the tables of the papers, and totals against those that Keras and the papers publish. */
import { describe, expect, it } from 'vitest';
import { architectureNames, architectures, buildArchitecture } from '../../../src/core/models/architectures.ts';
import { dsCnn } from '../../../src/core/models/ds-cnn.ts';
import { leNet5 } from '../../../src/core/models/lenet-5.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { mobileNetV1 } from '../../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import { resnet8 } from '../../../src/core/models/resnet-8.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { validateNetwork } from '../../../src/core/network/validate-network.ts';

const total = (network: Network): number => [...network.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);

/** Numbers of weights by layer, as `keras.Model.summary()` lists them; layers without weights are left out. */
function weightsByLayer(network: Network): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [id, { data }] of network.parameters) {
    const layer = id.slice(0, id.lastIndexOf('/'));
    counts[layer] = (counts[layer] ?? 0) + data.length;
  }
  return counts;
}

/** A kernel of `size` weights a filter and the four vectors of a batch norm. */
const normalized = (kernel: string, norm: string, size: number, channels: number): Record<string, number> => ({
  [kernel]: size * channels,
  [norm]: 4 * channels,
});

describe('published numbers of parameters', () => {
  it('MobileNet_v1 1.0 224, layer by layer (Howard et al. 2017, table 1)', () => {
    const widths = [32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
    const expected = Object.assign(
      normalized('conv1', 'conv1_bn', 27, 32),
      ...widths
        .slice(1)
        .flatMap((filters, i) => [
          normalized(`conv_dw_${i + 1}`, `conv_dw_${i + 1}_bn`, 9, widths[i]!),
          normalized(`conv_pw_${i + 1}`, `conv_pw_${i + 1}_bn`, widths[i]!, filters),
        ]),
      { conv_preds: 1_025_000 },
    ) as Record<string, number>;
    const network = mobileNetV1({ seed: 0 });
    expect(weightsByLayer(network)).toEqual(expected);
    expect(total(network)).toBe(4_253_864);
  });

  it('MobileNet-V2 1.0 224, layer by layer (Sandler et al. 2018, table 2)', () => {
    // Channels into and out of each bottleneck; all but the first expand sixfold.
    const bottlenecks = [
      [32, 16],
      [16, 24],
      [24, 24],
      [24, 32],
      [32, 32],
      [32, 32],
      [32, 64],
      [64, 64],
      [64, 64],
      [64, 64],
      [64, 96],
      [96, 96],
      [96, 96],
      [96, 160],
      [160, 160],
      [160, 160],
      [160, 320],
    ] as const;
    const expected = Object.assign(
      normalized('Conv1', 'bn_Conv1', 27, 32),
      ...bottlenecks.flatMap(([input, output], block) => {
        const prefix = block === 0 ? 'expanded_conv_' : `block_${block}_`;
        const width = block === 0 ? input : 6 * input;
        return [
          block === 0 ? {} : normalized(`${prefix}expand`, `${prefix}expand_BN`, input, width),
          normalized(`${prefix}depthwise`, `${prefix}depthwise_BN`, 9, width),
          normalized(`${prefix}project`, `${prefix}project_BN`, width, output),
        ];
      }),
      normalized('Conv_1', 'Conv_1_bn', 320, 1280),
      { predictions: 1_281_000 },
    ) as Record<string, number>;
    const network = mobileNetV2({ seed: 0 });
    expect(weightsByLayer(network)).toEqual(expected);
    expect(total(network)).toBe(3_538_984);
  });

  it.each([
    ['S', 64, 4, 12],
    ['M', 172, 4, 12],
    ['L', 276, 5, 12],
  ] as const)('DS-CNN-%s, layer by layer (Zhang et al. 2017, table 7)', (size, channels, blocks, classes) => {
    const expected: Record<string, number> = {
      conv_1: 10 * 4 * channels + channels,
      conv_1_bn: 4 * channels,
      fc1: channels * classes + classes,
    };
    for (let block = 1; block <= blocks; block++) {
      expected[`dw_conv_${block}`] = 9 * channels + channels;
      expected[`dw_conv_${block}_bn`] = 4 * channels;
      expected[`pw_conv_${block}`] = channels * channels + channels;
      expected[`pw_conv_${block}_bn`] = 4 * channels;
    }
    expect(weightsByLayer(dsCnn({ size, seed: 0 }))).toEqual(expected);
  });

  it('the guide’s MNIST net and ResNet-8, layer by layer', () => {
    expect(weightsByLayer(mnistCnn({ seed: 0 }))).toEqual({ conv2d: 120, dense: 20_290 });
    const residual = (stack: number, input: number, filters: number): Record<string, number> => ({
      [`stack_${stack}_conv_1`]: 9 * input * filters + filters,
      [`stack_${stack}_bn_1`]: 4 * filters,
      [`stack_${stack}_conv_2`]: 9 * filters * filters + filters,
      [`stack_${stack}_bn_2`]: 4 * filters,
      ...(input === filters ? {} : { [`stack_${stack}_shortcut`]: input * filters + filters }),
    });
    const expected = { conv: 448, bn: 64, ...residual(1, 16, 16), ...residual(2, 16, 32), ...residual(3, 32, 64), dense: 650 };
    expect(weightsByLayer(resnet8({ seed: 0 }))).toEqual(expected);
    expect(total(resnet8({ seed: 0 }))).toBe(78_666);
  });

  it('LeNet-5, layer by layer (Han et al. 2016, table 3)', () => {
    expect(weightsByLayer(leNet5({ seed: 0 }))).toEqual({ conv1: 520, conv2: 25_050, ip1: 400_500, ip2: 5_010 });
    expect(total(leNet5({ seed: 0 }))).toBe(431_080);
  });

  it.each([
    [0.75, 2_601_976],
    [0.5, 1_342_536],
    [0.25, 475_544],
  ])('MobileNet_v1 of width %d', (alpha, expected) => {
    expect(total(mobileNetV1({ alpha, seed: 0 }))).toBe(expected);
  });

  it.each([
    [1.4, 6_156_712],
    [0.75, 2_663_064],
    [0.5, 1_987_224],
  ])('MobileNet-V2 of width %d', (alpha, expected) => {
    expect(total(mobileNetV2({ alpha, seed: 0 }))).toBe(expected);
  });
});

describe('architectures by name', () => {
  it.each(architectureNames)('%s takes every option that it lists', (name) => {
    // A U-Net halves its images four times, and gives a class for each pixel.
    const inputSize = name === 'u-net' ? [48, 32] : [48, 20];
    const values = { classes: 7, inputSize, channels: 2, alpha: 0.35, firstStride: 1 } as const;
    const options = Object.fromEntries(architectures[name].options.map((option) => [option, values[option]]));
    const network = buildArchitecture(name, options, 3);
    validateNetwork(network);
    expect(network.values.get(network.outputs[0]!)!.shape).toEqual(name === 'u-net' ? [...inputSize, 7] : [7]);
    const input = network.values.get(network.inputs[0]!)!.shape;
    if (architectures[name].options.includes('inputSize')) expect(input.slice(0, 2)).toEqual(inputSize);
    if (architectures[name].options.includes('channels')) expect(input[2]).toBe(2);
  });

  it.each([
    ['mnist-cnn', { alpha: 0.5 }, /has no option "alpha"; it has classes/],
    ['ds-cnn-l', { channels: 3 }, /has no option "channels"/],
    ['resnet-8', { classes: 0 }, /classes of 0/],
    ['mobilenet-v1', { alpha: 0.001 }, /width multiplier/],
    ['mobilenet-v2', { inputSize: [32, 0.5] }, /inputSize of 0.5/],
  ] as const)('%s refuses %o', (name, options, message) => {
    expect(() => buildArchitecture(name, options, 0)).toThrow(message);
  });
});
