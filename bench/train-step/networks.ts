import { dsCnn } from '../../src/core/models/ds-cnn.ts';
import { mnistCnn } from '../../src/core/models/mnist-cnn.ts';
import { mobileNetV1 } from '../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../src/core/models/mobilenet-v2.ts';
import { resnet8 } from '../../src/core/models/resnet-8.ts';
import type { Network } from '../../src/core/network/network.ts';
import type { Operation } from '../../src/core/network/operations.ts';

export const batchSize = 32;

export const benchedNetworks: readonly { readonly name: string; readonly network: Network }[] = [
  { name: 'MNIST notebook net', network: mnistCnn({ seed: 1 }) },
  { name: 'ResNet-8', network: resnet8({ seed: 1 }) },
  { name: 'DS-CNN-L', network: dsCnn({ size: 'L', seed: 1 }) },
  { name: 'MobileNetV1-0.25@32', network: mobileNetV1({ alpha: 0.25, inputSize: 32, classes: 10, seed: 1 }) },
  { name: 'MobileNetV1-0.25@96', network: mobileNetV1({ alpha: 0.25, inputSize: 96, classes: 10, seed: 1 }) },
  { name: 'MobileNetV2-0.35@32', network: mobileNetV2({ alpha: 0.35, inputSize: 32, classes: 10, seed: 1 }) },
];

/** Of a training step on one batch: two operations a multiply-add, and backward twice the work of forward. */
export function stepOperations(network: Network): number {
  return 3 * 2 * batchSize * network.operations.reduce((sum, operation) => sum + multiplyAdds(network, operation), 0);
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
