import type { Shape } from '../network/network.ts';
import type { BatchMatmul, Reduce } from '../network/operations.ts';
import type { Tensor } from '../program/program.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

/** Channels-major values stay so as long as the channels remain. */
export function lowerReduce(context: LoweringContext, operation: Reduce, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const { function: name, axes } = operation;
  const last = x.shape.length - 1;
  if (x.layout === 'channelsMajor' && !axes.includes(last)) {
    const reduced = builder.reduce(
      name,
      x.channelsMajorAxes,
      axes.map((axis) => axis + 2),
    );
    return context.channelsMajor(shape, reduced);
  }
  return context.batchMajor(
    shape,
    builder.reduce(
      name,
      x.batchMajor,
      axes.map((axis) => axis + 1),
    ),
  );
}

export function lowerBatchMatmul(
  context: LoweringContext,
  { transposeA, transposeB }: BatchMatmul,
  a: LoweredValue,
  b: LoweredValue,
  shape: Shape,
): LoweredValue {
  const rank = Math.max(a.shape.length, b.shape.length);
  const aligned = (value: LoweredValue): Tensor =>
    context.builder.reshape(value.batchMajor, [context.batchSize, ...new Array<number>(rank - value.shape.length).fill(1), ...value.shape]);
  return context.batchMajor(shape, context.builder.matmul(aligned(a), aligned(b), { transposeA, transposeB }));
}
