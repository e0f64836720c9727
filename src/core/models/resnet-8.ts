/** MLPerf Tiny's image classification network: He et al. 2015, arXiv:1512.03385, with three stacks; Banbury et al. 2021, arXiv:2106.07597. */
import type { Network, ValueId } from '../network/network.ts';
import type { Pair } from '../network/operations.ts';
import { LayerStack, pairOf } from './layer-stack.ts';

/** Input `[32, 32, 3]`, 78,666 parameters with 10 classes. Output: logits. */
export function resnet8(options: {
  readonly classes?: number | undefined;
  readonly inputSize?: number | Pair | undefined;
  readonly channels?: number | undefined;
  readonly seed: number;
}): Network {
  const stack = new LayerStack('resnet_8', options.seed, 'heNormal');
  const { builder } = stack;
  const [height, width] = pairOf(options.inputSize ?? 32);
  let x = builder.input([height, width, options.channels ?? 3]);
  x = builder.activation('relu', stack.batchNorm('bn', stack.convolution('conv', x, 16, { size: [3, 3] })), 'relu');
  for (const [index, filters] of [16, 32, 64].entries()) x = residual(`stack_${index + 1}`, x, filters, index === 0 ? 1 : 2);
  return builder.build([stack.dense('dense', builder.globalPool('average_pooling', x, 'average'), options.classes ?? 10)]);

  function residual(name: string, input: ValueId, filters: number, stride: 1 | 2): ValueId {
    let y = stack.convolution(`${name}_conv_1`, input, filters, { size: [3, 3], strides: [stride, stride] });
    y = builder.activation(`${name}_relu_1`, stack.batchNorm(`${name}_bn_1`, y), 'relu');
    y = stack.batchNorm(`${name}_bn_2`, stack.convolution(`${name}_conv_2`, y, filters, { size: [3, 3] }));
    const shortcut = stride === 1 ? input : stack.convolution(`${name}_shortcut`, input, filters, { strides: [stride, stride] });
    return builder.activation(`${name}_relu_2`, builder.binary(`${name}_add`, 'add', shortcut, y), 'relu');
  }
}
