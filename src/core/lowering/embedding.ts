import type { Shape } from '../network/network.ts';
import type { Embedding } from '../network/operations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

/** Rows of the table at the integers that the value holds as floats. */
export function lowerEmbedding(context: LoweringContext, operation: Embedding, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const indices = builder.cast(builder.stopGradient(x.batchMajor), 'int32');
  return context.batchMajor(shape, builder.gather(context.parameter(operation.table), indices, 0));
}
