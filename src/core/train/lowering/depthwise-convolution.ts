import { unreachable } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import type { DepthwiseConv2d } from '../../network/operations.ts';
import type { Tensor } from '../../program/program.ts';
import { addBias } from './convolution.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';
import { convolveImages, convolveRows, depthwiseForm, type DepthwiseShape } from './toeplitz.ts';

export function lowerDepthwiseConv2d(context: LoweringContext, operation: DepthwiseConv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1, channels = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const [rows = 1, columns = 1] = shape;
  const pads = windowPads([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding);
  const window = { strides: operation.strides, pads, dilations: operation.dilations, groups: x.channels };
  const depthwise: DepthwiseShape = {
    channels: x.channels,
    multiplier: operation.multiplier,
    batchSize,
    image: [h, w],
    output: [rows, columns],
    kernel: [kh, kw],
    window,
  };
  const filters = builder.reshape(builder.transpose(kernel, [3, 0, 1, 2]), [channels, kh * kw]);
  return context.channelsMajor(shape, addBias(context, convolve(context, x, filters, depthwise), operation.bias, operation.activation));
}

/** `[c * multiplier, n * h' * w']` */
function convolve({ builder }: LoweringContext, x: LoweredValue, filters: Tensor, depthwise: DepthwiseShape): Tensor {
  const form = depthwiseForm(depthwise);
  switch (form) {
    case 'images':
      return convolveImages(builder, x.channelsMajor, filters, depthwise);
    case 'rows':
      return convolveRows(builder, x.channelsMajor, filters, depthwise);
    case 'window': {
      const [channels = 1] = filters.shape;
      const y = builder.conv2d(x.batchChannelsMajor, builder.reshape(filters, [channels, 1, ...depthwise.kernel]), depthwise.window);
      return builder.reshape(builder.transpose(y, [1, 0, 2, 3]), [
        channels,
        depthwise.batchSize * depthwise.output[0] * depthwise.output[1],
      ]);
    }
    default:
      return unreachable(form);
  }
}
