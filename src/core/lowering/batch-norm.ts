import type { BatchNorm } from '../network/operations.ts';
import type { Operand, ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

/**
 * Ioffe & Szegedy 2015, arXiv:1502.03167. In training the statistics are those of the batch (the biased variance), and
 * the running ones move by `1 - momentum` towards them.
 */
export function lowerBatchNorm(context: LoweringContext, operation: BatchNorm, x: LoweredValue): LoweredValue {
  const { builder } = context;
  const gamma = context.parameter(operation.gamma);
  const beta = context.parameter(operation.beta);
  if (context.mode !== 'training' || (context.isFrozen(operation.gamma) && context.isFrozen(operation.beta))) {
    const stored = { gamma, beta, mean: context.parameter(operation.mean), variance: context.parameter(operation.variance) };
    return context.channelsMajor(x.shape, normalize(builder, x.channelsMajor, stored, operation.epsilon));
  }
  // Mean and variance from sums of values and of squares, and the whole as one affine map of the rows: four passes over
  // memory forward and backward instead of a dozen.
  const elementsOfRow = x.channelsMajor.shape[1] ?? 1;
  const mean = builder.mean(x.channelsMajor, [1]);
  const meanOfSquares = builder.mul(builder.rowDot(x.channelsMajor, x.channelsMajor), 1 / elementsOfRow);
  const variance = builder.max(builder.sub(meanOfSquares, builder.square(mean)), 0);
  const momentum = context.momentum(operation);
  moveStatistic(context, operation.mean, mean, momentum);
  moveStatistic(context, operation.variance, variance, momentum);
  return context.channelsMajor(x.shape, normalize(builder, x.channelsMajor, { gamma, beta, mean, variance }, operation.epsilon));
}

interface Normalization {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** `gamma * (x - mean) / sqrt(variance + epsilon) + beta` of x `[c, n]`, the others `[c]`. */
function normalize(builder: ProgramBuilder, x: Tensor, { gamma, beta, mean, variance }: Normalization, epsilon: number): Tensor {
  const scale = builder.mul(gamma, inverseDeviation(builder, variance, epsilon));
  return builder.affineRows(x, scale, builder.sub(beta, builder.mul(mean, scale)));
}

function inverseDeviation(builder: ProgramBuilder, variance: Tensor, epsilon: number): Tensor {
  return builder.reciprocal(builder.sqrt(builder.add(variance, epsilon)));
}

/** A shared batch norm moves its statistics once an application. */
function moveStatistic(context: LoweringContext, id: string, observed: Tensor, momentum: Operand): void {
  const { builder } = context;
  const old = context.statistics.get(id) ?? context.parameter(id);
  const batch = builder.stopGradient(builder.reshape(observed, old.shape));
  context.statistics.set(
    id,
    builder.add(builder.mul(old, momentum), builder.mul(batch, typeof momentum === 'number' ? 1 - momentum : builder.sub(1, momentum))),
  );
}
