import { dsCnn } from '../../src/core/models/ds-cnn.ts';
import { mnistCnn } from '../../src/core/models/mnist-cnn.ts';
import { mobileNetV1 } from '../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../src/core/models/mobilenet-v2.ts';
import { resnet8 } from '../../src/core/models/resnet-8.ts';
import type { Network } from '../../src/core/network/network.ts';
import type { Operation } from '../../src/core/network/operations.ts';

export const batchSize = 32;

/** A row of the bench: built when it is measured, since networks of width 1 have millions of weights. */
export interface BenchedNetwork {
  readonly name: string;
  readonly batchSize: number;
  network(): Network;
}

const classes = 10;
const seed = 1;

export const benchedNetworks: readonly BenchedNetwork[] = [
  { name: 'MNIST notebook net', batchSize, network: () => mnistCnn({ seed }) },
  { name: 'ResNet-8', batchSize, network: () => resnet8({ seed }) },
  { name: 'DS-CNN-L', batchSize, network: () => dsCnn({ size: 'L', seed }) },
  { name: 'MobileNetV1-0.25@32', batchSize, network: () => mobileNetV1({ alpha: 0.25, inputSize: 32, classes, seed }) },
  { name: 'MobileNetV1-0.25@96', batchSize, network: () => mobileNetV1({ alpha: 0.25, inputSize: 96, classes, seed }) },
  { name: 'MobileNetV2-0.35@32', batchSize, network: () => mobileNetV2({ alpha: 0.35, inputSize: 32, classes, seed }) },
  { name: 'MobileNetV1-1.0@96', batchSize, network: () => mobileNetV1({ inputSize: 96, classes, seed }) },
  { name: 'MobileNetV2-1.0@96', batchSize, network: () => mobileNetV2({ inputSize: 96, classes, seed }) },
  { name: 'MobileNetV2-1.0@160', batchSize, network: () => mobileNetV2({ inputSize: 160, classes, seed }) },
  { name: 'MobileNetV1-1.0@224', batchSize: 8, network: () => mobileNetV1({ inputSize: 224, classes, seed }) },
  { name: 'MobileNetV1-1.0@224', batchSize, network: () => mobileNetV1({ inputSize: 224, classes, seed }) },
  { name: 'MobileNetV2-1.0@224', batchSize: 8, network: () => mobileNetV2({ inputSize: 224, classes, seed }) },
];

/** Of a training step on one batch: two operations a multiply-add, and backward twice the work of forward. */
export function stepOperations(network: Network, size = batchSize): number {
  return 3 * 2 * size * network.operations.reduce((sum, operation) => sum + multiplyAdds(network, operation), 0);
}

function multiplyAdds(network: Network, operation: Operation): number {
  const size = (shape: readonly number[] | undefined): number => (shape ?? []).reduce((product, length) => product * length, 1);
  const output = size(network.values.get(operation.output)?.shape);
  switch (operation.kind) {
    case 'conv2d':
    case 'dense':
      return output * size(network.parameters.get(operation.kernel)?.shape.slice(1));
    case 'depthwiseConv2d':
      return output * size(network.parameters.get(operation.kernel)?.shape.slice(1, 3));
    default:
      return 0;
  }
}
