import type { ParameterId, Shape } from '../../network/network.ts';
import type { Conv2d, FusedActivation } from '../../network/operations.ts';
import type { Tensor } from '../../program/program.ts';
import { applyFusedActivation } from './activations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';

export function lowerConv2d(context: LoweringContext, operation: Conv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1] = kernel.shape;
  const form = kh === 1 && kw === 1 ? pointwise : x.channels === 1 ? unfolded : windowed;
  return context.channelsMajor(shape, addBias(context, form(context, operation, x, kernel), operation.bias, operation.activation));
}

/** Adds the bias `[c]` to `[c, columns]` and applies the fused activation. */
export function addBias(context: LoweringContext, product: Tensor, bias: ParameterId | undefined, activation: FusedActivation): Tensor {
  const { builder } = context;
  const biased = bias === undefined ? product : builder.add(product, builder.reshape(context.parameter(bias), [product.shape[0] ?? 1, 1]));
  return applyFusedActivation(builder, biased, activation);
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
 * Of one channel (a spectrogram, a grey image): the elements of each window as a column `[kh * kw, n * h' * w']`, taken by
 * a convolution with the identity, then one product. The result is channels-major, and so is its gradient.
 */
function unfolded({ builder, batchSize }: LoweringContext, operation: Conv2d, x: LoweredValue, kernel: Tensor): Tensor {
  const [out = 1, kh = 1, kw = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const taps = kh * kw;
  const pads = windowPads([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding);
  const identity = Float32Array.from({ length: taps * taps }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0));
  const window = { strides: operation.strides, pads, dilations: operation.dilations, groups: 1 };
  const windows = builder.conv2d(
    builder.reshape(x.channelsMajor, [batchSize, 1, h, w]),
    builder.constant(identity, [taps, 1, kh, kw]),
    window,
  );
  const [, , rows = 1, columns = 1] = windows.shape;
  const positions = builder.transpose(builder.reshape(windows, [batchSize, taps, rows * columns]), [1, 0, 2]);
  return builder.matmul(builder.reshape(kernel, [out, taps]), builder.reshape(positions, [taps, batchSize * rows * columns]));
}

function windowed(context: LoweringContext, operation: Conv2d, x: LoweredValue, kernel: Tensor): Tensor {
  const { builder } = context;
  const [, kh = 1, kw = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const pads = windowPads([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding);
  const filter = builder.transpose(kernel, [0, 3, 1, 2]);
  const y = builder.conv2d(x.batchChannelsMajor, filter, { strides: operation.strides, pads, dilations: operation.dilations, groups: 1 });
  const [n = 1, c = 1, rows = 1, columns = 1] = y.shape;
  return builder.reshape(builder.transpose(y, [1, 0, 2, 3]), [c, n * rows * columns]);
}
