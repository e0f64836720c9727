import type { BatchNorm } from '../../network/operations.ts';
import type { ProgramBuilder } from '../../program/builder.ts';
import type { Tensor } from '../../program/program.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

/**
 * Ioffe & Szegedy 2015, arXiv:1502.03167. In training the statistics are those of the batch (the biased variance), and
 * the running ones move by `1 - momentum` towards them.
 */
export function lowerBatchNorm(context: LoweringContext, operation: BatchNorm, x: LoweredValue): LoweredValue {
  const { builder } = context;
  const column = (tensor: Tensor): Tensor => builder.reshape(tensor, [x.channels, 1]);
  const gamma = column(context.parameter(operation.gamma));
  const beta = column(context.parameter(operation.beta));
  if (context.mode !== 'training' || (context.isFrozen(operation.gamma) && context.isFrozen(operation.beta))) {
    const mean = column(context.parameter(operation.mean));
    const scale = builder.mul(gamma, inverseDeviation(builder, column(context.parameter(operation.variance)), operation.epsilon));
    const offset = builder.sub(beta, builder.mul(mean, scale));
    return context.channelsMajor(x.shape, builder.add(builder.mul(x.channelsMajor, scale), offset));
  }
  const mean = builder.mean(x.channelsMajor, [1], true);
  const centred = builder.sub(x.channelsMajor, mean);
  const variance = builder.mean(builder.square(centred), [1], true);
  moveStatistic(context, operation.mean, mean, operation.momentum);
  moveStatistic(context, operation.variance, variance, operation.momentum);
  const normalized = builder.mul(centred, inverseDeviation(builder, variance, operation.epsilon));
  return context.channelsMajor(x.shape, builder.add(builder.mul(normalized, gamma), beta));
}

function inverseDeviation(builder: ProgramBuilder, variance: Tensor, epsilon: number): Tensor {
  return builder.reciprocal(builder.sqrt(builder.add(variance, epsilon)));
}

/** A shared batch norm moves its statistics once an application. */
function moveStatistic(context: LoweringContext, id: string, observed: Tensor, momentum: number): void {
  const { builder } = context;
  const old = context.statistics.get(id) ?? context.parameter(id);
  const batch = builder.stopGradient(builder.reshape(observed, old.shape));
  context.statistics.set(id, builder.add(builder.mul(old, momentum), builder.mul(batch, 1 - momentum)));
}
