import type { Network } from '../network/network.ts';
import { LayerStack } from './layer-stack.ts';

/**
 * LeNet-5 in the form of Caffe's example, which Deep Compression (Han et al. 2016, arXiv:1510.00149, table 3) and Dynamic Network
 * Surgery (Guo et al. 2016, arXiv:1608.04493) compress: 28x28 -> 20 filters of 5x5, max pooling, 50 filters of 5x5, max
 * pooling, 500 with ReLU, 10 logits; 431,080 parameters. Convolutions have no activation.
 */
export function leNet5(options: { readonly classes?: number | undefined; readonly seed: number }): Network {
  const stack = new LayerStack('lenet_5', options.seed);
  const { builder } = stack;
  const image = builder.reshape('reshape', builder.input([28, 28]), [28, 28, 1]);
  const first = stack.convolution('conv1', image, 20, { size: [5, 5], padding: 'valid' });
  const second = stack.convolution('conv2', builder.pool2d('pool1', first, 'max', [2, 2]), 50, { size: [5, 5], padding: 'valid' });
  const features = builder.flatten('flatten', builder.pool2d('pool2', second, 'max', [2, 2]));
  return builder.build([stack.dense('ip2', stack.dense('ip1', features, 500, 'relu'), options.classes ?? 10)]);
}
