import type { Shape } from '../network/network.ts';
import type { BatchMatmul, Dense, Embedding } from '../network/operations.ts';
import type { Tensor } from '../program/program.ts';
import { applyFusedActivation } from './activations.ts';
import { activated } from './convolution.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

export function lowerDense(context: LoweringContext, operation: Dense, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const kernel = context.parameter(operation.kernel);
  if (x.layout === 'channelsMajor') {
    const product = builder.matmul(kernel, x.channelsMajor);
    return activated(context, shape, product, operation);
  }
  const rows = builder.reshape(x.batchMajor, [context.batchSize * x.positions, x.channels]);
  const product = builder.matmul(rows, kernel, { transposeB: true });
  const biased = operation.bias === undefined ? product : builder.add(product, context.parameter(operation.bias));
  return applyFusedActivation(context, context.batchMajor(shape, biased), operation.activation);
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

/** Rows of the table at the integers that the value holds as floats. */
export function lowerEmbedding(context: LoweringContext, operation: Embedding, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const indices = builder.cast(builder.stopGradient(x.batchMajor), 'int32');
  return context.batchMajor(shape, builder.gather(context.parameter(operation.table), indices, 0));
}
