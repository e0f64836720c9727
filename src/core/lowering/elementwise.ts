import type { Shape } from '../network/network.ts';
import type { Binary, Dropout, Rescale } from '../network/operations.ts';
import type { Tensor } from '../program/program.ts';
import { applyFusedActivation } from './activations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

export function lowerBinary(context: LoweringContext, operation: Binary, a: LoweredValue, b: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const bothBatchMajor = a.layout === 'batchMajor' && b.layout === 'batchMajor';
  const rank = Math.max(a.shape.length, b.shape.length);
  const [left, right] = bothBatchMajor
    ? [alignBatchMajor(context, a, rank), alignBatchMajor(context, b, rank)]
    : [alignChannelsMajor(context, a, rank), alignChannelsMajor(context, b, rank)];
  const y = builder.binary(operation.function, left, right);
  return applyFusedActivation(
    context,
    bothBatchMajor ? context.batchMajor(shape, y) : context.channelsMajor(shape, y),
    operation.activation,
  );
}

/** `[n, 1…, ...shape]`, so that axes of values of different rank line up at the last one. */
function alignBatchMajor(context: LoweringContext, value: LoweredValue, rank: number): Tensor {
  const ones = new Array<number>(rank - value.shape.length).fill(1);
  return context.builder.reshape(value.batchMajor, [context.batchSize, ...ones, ...value.shape]);
}

/** `[c, n, 1…, ...rest]` */
function alignChannelsMajor(context: LoweringContext, value: LoweredValue, rank: number): Tensor {
  const ones = new Array<number>(rank - value.shape.length).fill(1);
  return context.builder.reshape(value.channelsMajor, [value.channels, context.batchSize, ...ones, ...value.shape.slice(0, -1)]);
}

export function lowerRescale(context: LoweringContext, operation: Rescale, x: LoweredValue): LoweredValue {
  const { builder } = context;
  const perChannel = (tensor: Tensor): Tensor =>
    x.layout === 'channelsMajor' ? builder.reshape(tensor, [tensor.shape[0] ?? 1, 1]) : tensor;
  return x.like(
    builder.add(builder.mul(x.tensor, perChannel(context.parameter(operation.scale))), perChannel(context.parameter(operation.offset))),
  );
}

/** Srivastava et al. 2014, scaled at training time so that inference is the identity. */
export function lowerDropout(context: LoweringContext, operation: Dropout, x: LoweredValue): LoweredValue {
  if (context.mode === 'inference' || operation.rate === 0) return x;
  const name = `dropout/${operation.name}`;
  const tensor = context.builder.input(name, x.tensor.shape);
  context.dropouts.push({ name, tensor, rate: operation.rate });
  return x.like(context.builder.mul(x.tensor, tensor));
}
