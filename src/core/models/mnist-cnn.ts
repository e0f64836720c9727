import type { Network } from '../network/network.ts';
import { LayerStack } from './layer-stack.ts';

/** The network of the guide's MNIST notebooks: 28x28 -> 12 filters of 3x3, max pooling, 10 logits; 20,410 parameters. */
export function mnistCnn(options: { readonly classes?: number; readonly seed: number }): Network {
  const stack = new LayerStack('mnist_cnn', options.seed);
  const { builder } = stack;
  const image = builder.reshape('reshape', builder.input([28, 28]), [28, 28, 1]);
  const features = stack.convolution('conv2d', image, 12, { size: [3, 3], padding: 'valid', activation: 'relu' });
  const pooled = builder.pool2d('max_pooling2d', features, 'max', [2, 2]);
  return builder.build([stack.dense('dense', builder.flatten('flatten', pooled), options.classes ?? 10)]);
}
