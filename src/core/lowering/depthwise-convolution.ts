import { unreachable } from '../errors.ts';
import type { Shape } from '../network/network.ts';
import type { DepthwiseConv2d } from '../network/operations.ts';
import type { Tensor } from '../program/program.ts';
import { activated } from './convolution.ts';
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
  return activated(context, shape, convolve(context, x, filters, depthwise), operation);
}

/** `[c * multiplier, n * h' * w']` */
function convolve(context: LoweringContext, x: LoweredValue, filters: Tensor, depthwise: DepthwiseShape): Tensor {
  const { builder } = context;
  const form = depthwiseForm(depthwise);
  switch (form) {
    case 'images':
      return convolveImages(builder, x.channelsMajor, filters, depthwise);
    case 'rows':
      return convolveRows(builder, x.channelsMajor, filters, depthwise);
    case 'windows':
      return convolveWindows(context, x, filters, depthwise);
    default:
      return unreachable(form);
  }
}

function convolveWindows(
  { builder }: LoweringContext,
  x: LoweredValue,
  filters: Tensor,
  { channels, multiplier, batchSize, image, output, kernel, window: { strides, pads, dilations } }: DepthwiseShape,
): Tensor {
  const images = builder.reshape(x.channelsMajor, [channels, 1, batchSize, ...image]);
  const repeated = builder.reshape(builder.broadcastTo(images, [channels, multiplier, batchSize, ...image]), [
    channels * multiplier,
    batchSize,
    ...image,
  ]);
  const y = builder.depthwiseConv2d(repeated, builder.reshape(filters, [channels * multiplier, ...kernel]), { strides, pads, dilations });
  return builder.reshape(y, [channels * multiplier, batchSize * output[0] * output[1]]);
}
