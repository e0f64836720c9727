import type { Shape } from '../../network/network.ts';
import type { DepthwiseConv2d } from '../../network/operations.ts';
import { addBias } from './convolution.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';

export function lowerDepthwiseConv2d(context: LoweringContext, operation: DepthwiseConv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const pads = windowPads([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding);
  const filter = builder.transpose(kernel, [3, 0, 1, 2]);
  const y = builder.conv2d(x.batchChannelsMajor, filter, { strides: operation.strides, pads, dilations: operation.dilations, groups: x.channels });
  const [n = 1, c = 1, rows = 1, columns = 1] = y.shape;
  const product = builder.reshape(builder.transpose(y, [1, 0, 2, 3]), [c, n * rows * columns]);
  return context.channelsMajor(shape, addBias(context, product, operation.bias, operation.activation));
}
