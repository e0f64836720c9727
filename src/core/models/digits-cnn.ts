import type { Network, ValueId } from '../network/network.ts';
import { LayerStack } from './layer-stack.ts';

/**
 * A small network for 28x28 digits with every kind of layer that the techniques treat in its own way: a convolution, a
 * depthwise separable block with batch norms, and a dense layer that holds most weights. 16,746 parameters. Output: logits.
 */
export function digitsCnn(options: { readonly classes?: number; readonly seed: number }): Network {
  const stack = new LayerStack('digits_cnn', options.seed, 'heNormal');
  const { builder } = stack;
  const normalized = (layer: string, input: ValueId): ValueId =>
    builder.activation(`${layer}_relu`, stack.batchNorm(`${layer}_bn`, input), 'relu');
  let x = builder.input([28, 28, 1]);
  x = normalized('conv', stack.convolution('conv', x, 16, { size: [3, 3], strides: [2, 2], bias: false }));
  x = normalized('depthwise', stack.depthwise('depthwise', x, { bias: false }));
  x = normalized('pointwise', stack.convolution('pointwise', x, 32, { bias: false }));
  x = builder.flatten('flatten', builder.pool2d('max_pool', x, 'max', [2, 2]));
  return builder.build([stack.dense('dense', x, options.classes ?? 10)]);
}
