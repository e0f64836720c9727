import type { Shape } from '../network/network.ts';
import type { TransposeConv2d } from '../network/operations.ts';
import { addBias } from './convolution.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';

/** The gradient of the convolution that would lead from the output back to the input. */
export function lowerTransposeConv2d(context: LoweringContext, operation: TransposeConv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1] = kernel.shape;
  const [h = 1, w = 1, out = 1] = shape;
  const pads = windowPads([h, w], [kh, kw], operation.strides, [1, 1], operation.padding);
  const filter = builder.transpose(kernel, [3, 0, 1, 2]);
  const y = builder.convTranspose2d(x.batchChannelsMajor, filter, [batchSize, out, h, w], {
    strides: operation.strides,
    pads,
    dilations: [1, 1],
    groups: 1,
  });
  const product = builder.reshape(builder.transpose(y, [1, 0, 2, 3]), [out, batchSize * h * w]);
  return context.channelsMajor(shape, addBias(context, product, operation.bias, operation.activation));
}
