import type { ParameterId, Shape } from '../network/network.ts';
import type { Conv2d, FusedActivation, TransposeConv2d } from '../network/operations.ts';
import type { Tensor } from '../program/program.ts';
import { applyFusedActivation } from './activations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';

export function lowerConv2d(context: LoweringContext, operation: Conv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1] = kernel.shape;
  const form = operation.groups > 1 ? windowed : kh === 1 && kw === 1 ? pointwise : unfolds(x, kh * kw) ? unfolded : windowed;
  return activated(context, shape, form(context, operation, x, kernel), operation);
}

/** With more elements to a window its columns, and the convolution that takes them, cost more than the product saves. */
const longestColumn = 64;

function unfolds({ channels }: LoweredValue, taps: number): boolean {
  return channels === 1 || (channels <= 4 && channels * taps <= longestColumn);
}

interface BiasAndActivation {
  /** `[c]` */
  readonly bias: ParameterId | undefined;
  readonly activation: FusedActivation;
}

/** Adds the bias to `[c, columns]` and applies the fused activation. */
export function activated(context: LoweringContext, shape: Shape, product: Tensor, { bias, activation }: BiasAndActivation): LoweredValue {
  const { builder } = context;
  const biased = bias === undefined ? product : builder.add(product, builder.reshape(context.parameter(bias), [product.shape[0] ?? 1, 1]));
  return applyFusedActivation(context, context.channelsMajor(shape, biased), activation);
}

/** A 1x1 convolution is one product `[out, in] x [in, n * h * w]`. */
function pointwise({ builder }: LoweringContext, { strides }: Conv2d, x: LoweredValue, kernel: Tensor): Tensor {
  const [out = 1, , , input = 1] = kernel.shape;
  const matrix = builder.reshape(kernel, [out, input]);
  if (strides[0] === 1 && strides[1] === 1) return builder.matmul(matrix, x.channelsMajor);
  const [c = 1, n = 1, h = 1, w = 1] = x.channelsMajorAxes.shape;
  const [rows, columns] = [Math.ceil(h / strides[0]), Math.ceil(w / strides[1])];
  const taken = builder.slice(x.channelsMajorAxes, [0, 0, 0, 0], [c, n, rows, columns], [1, 1, strides[0], strides[1]]);
  return builder.matmul(matrix, builder.reshape(taken, [c, n * rows * columns]));
}

/**
 * Of few channels (a spectrogram, a picture): the elements of each window as a column `[kh * kw * c, n * h' * w']`, taken
 * by a convolution with the identity, then one product. The result is channels-major, and so is its gradient.
 */
function unfolded({ builder, batchSize }: LoweringContext, operation: Conv2d, x: LoweredValue, kernel: Tensor): Tensor {
  const [out = 1, kh = 1, kw = 1, channels = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const columnLength = kh * kw * channels;
  const pads = windowPads([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding);
  const window = { strides: operation.strides, pads, dilations: operation.dilations, groups: 1 };
  const images = channels === 1 ? builder.reshape(x.channelsMajor, [batchSize, 1, h, w]) : x.batchChannelsMajor;
  const windows = builder.conv2d(images, builder.constant(identity(kh * kw, channels), [columnLength, channels, kh, kw]), window);
  const [, , rows = 1, columns = 1] = windows.shape;
  const positions = builder.transpose(builder.reshape(windows, [batchSize, columnLength, rows * columns]), [1, 0, 2]);
  return builder.matmul(
    builder.reshape(kernel, [out, columnLength]),
    builder.reshape(positions, [columnLength, batchSize * rows * columns]),
  );
}

/** Filters `[taps * channels, channels, taps]`, each of which takes one element of a window, in the order of kernels. */
function identity(taps: number, channels: number): Float32Array {
  const filters = new Float32Array((taps * channels) ** 2);
  for (let tap = 0; tap < taps; tap++)
    for (let channel = 0; channel < channels; channel++) filters[((tap * channels + channel) * channels + channel) * taps + tap] = 1;
  return filters;
}

function windowed(context: LoweringContext, operation: Conv2d, x: LoweredValue, kernel: Tensor): Tensor {
  const { builder } = context;
  const [, kh = 1, kw = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const pads = windowPads([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding);
  const filter = builder.transpose(kernel, [0, 3, 1, 2]);
  const { strides, dilations, groups } = operation;
  const y = builder.conv2d(x.batchChannelsMajor, filter, { strides, pads, dilations, groups });
  const [n = 1, c = 1, rows = 1, columns = 1] = y.shape;
  return builder.reshape(builder.transpose(y, [1, 0, 2, 3]), [c, n * rows * columns]);
}

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
  return activated(context, shape, product, operation);
}
