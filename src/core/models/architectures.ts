/** The networks that can be built by name. */
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import type { Pair } from '../network/operations.ts';
import { dsCnn } from './ds-cnn.ts';
import { leNet5 } from './lenet-5.ts';
import { mnistCnn } from './mnist-cnn.ts';
import { mobileNetV1 } from './mobilenet-v1.ts';
import { mobileNetV2 } from './mobilenet-v2.ts';
import { resnet8 } from './resnet-8.ts';
import { uNet } from './u-net.ts';

export const architectureNames = [
  'ds-cnn-s',
  'ds-cnn-m',
  'ds-cnn-l',
  'mobilenet-v1',
  'mobilenet-v2',
  'resnet-8',
  'mnist-cnn',
  'lenet-5',
  'u-net',
] as const;
export type ArchitectureName = (typeof architectureNames)[number];

/** What is not given is as published. */
export interface ArchitectureOptions {
  readonly classes?: number | undefined;
  /** Height and width of images, or frames and coefficients of sound. */
  readonly inputSize?: Pair | undefined;
  /** Colour channels of images. */
  readonly channels?: number | undefined;
  /** Width multiplier of MobileNets and U-Nets. */
  readonly alpha?: number | undefined;
  /** Of a MobileNet's first convolution: 1 keeps the resolution of small images. */
  readonly firstStride?: 1 | 2 | undefined;
}

export interface Architecture {
  readonly title: string;
  readonly source: string;
  readonly options: readonly (keyof ArchitectureOptions)[];
  build(options: ArchitectureOptions & { readonly seed: number }): Network;
}

const mobileNetOptions = ['classes', 'inputSize', 'channels', 'alpha', 'firstStride'] as const;

export const architectures: Readonly<Record<ArchitectureName, Architecture>> = {
  'ds-cnn-s': keywordSpotting('S'),
  'ds-cnn-m': keywordSpotting('M'),
  'ds-cnn-l': keywordSpotting('L'),
  'mobilenet-v1': {
    title: 'MobileNet_v1',
    source: 'Howard et al. 2017, arXiv:1704.04861',
    options: mobileNetOptions,
    build: mobileNetV1,
  },
  'mobilenet-v2': {
    title: 'MobileNet-V2',
    source: 'Sandler et al. 2018, arXiv:1801.04381',
    options: mobileNetOptions,
    build: mobileNetV2,
  },
  'resnet-8': {
    title: 'ResNet-8',
    source: 'Banbury et al. 2021, arXiv:2106.07597',
    options: ['classes', 'inputSize', 'channels'],
    build: resnet8,
  },
  'mnist-cnn': {
    title: "the guide's MNIST network",
    source: 'the notebooks of the TensorFlow Model Optimization guide',
    options: ['classes'],
    build: mnistCnn,
  },
  'lenet-5': {
    title: 'LeNet-5',
    source: "LeCun et al. 1998, in the form of Caffe's example",
    options: ['classes'],
    build: leNet5,
  },
  'u-net': {
    title: 'U-Net',
    source: 'Ronneberger et al. 2015, arXiv:1505.04597',
    options: ['classes', 'inputSize', 'channels', 'alpha'],
    build: uNet,
  },
};

function keywordSpotting(size: 'S' | 'M' | 'L'): Architecture {
  return {
    title: `DS-CNN-${size}`,
    source: 'Zhang et al. 2017, arXiv:1711.07128',
    options: ['classes', 'inputSize'],
    build: ({ classes, inputSize, seed }) =>
      dsCnn({
        size,
        seed,
        classes,
        frames: inputSize?.[0],
        coefficients: inputSize?.[1],
      }),
  };
}

/** @throws EspalierError `invalid-argument` for an option that the architecture does not have, or a value that it cannot have */
export function buildArchitecture(name: ArchitectureName, options: ArchitectureOptions, seed: number): Network {
  const { title, options: known, build } = architectures[name];
  for (const [option, value] of Object.entries(options)) {
    if (value !== undefined && !known.some((one) => one === option))
      throw new EspalierError('invalid-argument', `${title} has no option "${option}"`, {
        where: name,
        fix: `it has ${known.join(', ')}`,
      });
  }
  const { classes, alpha, inputSize = [], channels } = options;
  for (const [what, value] of [
    ['classes', classes],
    ['channels', channels],
    ...inputSize.map((length) => ['inputSize', length] as const),
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new EspalierError('invalid-argument', `${String(what)} of ${value}`, { where: name, fix: 'give a whole number above 0' });
  }
  if (alpha !== undefined && !(alpha >= 1 / 32 && alpha <= 10))
    throw new EspalierError('invalid-argument', `a width multiplier of ${alpha}`, {
      where: name,
      fix: 'give one from 0.03125, which leaves one filter in the first layer, to 10',
    });
  return build({ ...options, seed });
}
