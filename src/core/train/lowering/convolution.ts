import type { ParameterId, Shape } from '../../network/network.ts';
import type { Conv2d, FusedActivation, Pair } from '../../network/operations.ts';
import type { Tensor } from '../../program/program.ts';
import { applyFusedActivation } from './activations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';

export function lowerConv2d(context: LoweringContext, operation: Conv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1] = kernel.shape;
  const product = kh === 1 && kw === 1 ? pointwise(context, operation.strides, x, kernel) : windowed(context, operation, x, kernel);
  return context.channelsMajor(shape, addBias(context, product, operation.bias, operation.activation));
}

/** Adds the bias `[c]` to `[c, columns]` and applies the fused activation. */
export function addBias(context: LoweringContext, product: Tensor, bias: ParameterId | undefined, activation: FusedActivation): Tensor {
  const { builder } = context;
  const biased = bias === undefined ? product : builder.add(product, builder.reshape(context.parameter(bias), [product.shape[0] ?? 1, 1]));
  return applyFusedActivation(builder, biased, activation);
}

/** A 1x1 convolution is one product `[out, in] x [in, n * h * w]`. */
function pointwise(context: LoweringContext, strides: Pair, x: LoweredValue, kernel: Tensor): Tensor {
  const { builder } = context;
  const [out = 1, , , input = 1] = kernel.shape;
  const matrix = builder.reshape(kernel, [out, input]);
  if (strides[0] === 1 && strides[1] === 1) return builder.matmul(matrix, x.channelsMajor);
  const [c = 1, n = 1, h = 1, w = 1] = x.channelsMajorAxes.shape;
  const [rows, columns] = [Math.ceil(h / strides[0]), Math.ceil(w / strides[1])];
  const taken = builder.slice(x.channelsMajorAxes, [0, 0, 0, 0], [c, n, rows, columns], [1, 1, strides[0], strides[1]]);
  return builder.matmul(matrix, builder.reshape(taken, [c, n * rows * columns]));
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
