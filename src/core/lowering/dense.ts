import type { Shape } from '../network/network.ts';
import type { Dense } from '../network/operations.ts';
import { applyFusedActivation } from './activations.ts';
import { addBias } from './convolution.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

export function lowerDense(context: LoweringContext, operation: Dense, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const kernel = context.parameter(operation.kernel);
  if (x.layout === 'channelsMajor') {
    const product = builder.matmul(kernel, x.channelsMajor);
    return context.channelsMajor(shape, addBias(context, product, operation.bias, operation.activation));
  }
  const rows = builder.reshape(x.batchMajor, [context.batchSize * x.positions, x.channels]);
  const product = builder.matmul(rows, kernel, { transposeB: true });
  const biased = operation.bias === undefined ? product : builder.add(product, context.parameter(operation.bias));
  return context.batchMajor(shape, applyFusedActivation(builder, biased, operation.activation));
}
