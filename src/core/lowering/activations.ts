import { unreachable } from '../errors.ts';
import type { Activation, FusedActivation, PRelu, Unary } from '../network/operations.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

export function applyFusedActivation({ builder }: LoweringContext, x: LoweredValue, activation: FusedActivation): LoweredValue {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return x.nonDecreasing((y) => builder.relu(y));
    case 'relu6':
      return x.nonDecreasing((y) => builder.relu6(y));
    default:
      return unreachable(activation);
  }
}

export function lowerActivation(context: LoweringContext, operation: Activation, x: LoweredValue): LoweredValue {
  const { builder } = context;
  if (operation.function === 'relu' || operation.function === 'relu6') return applyFusedActivation(context, x, operation.function);
  const lastAxis = x.layout === 'channelsMajor' ? 0 : x.tensor.shape.length - 1;
  if (operation.function === 'softmax') return x.like(softmax(builder, x.tensor, lastAxis));
  if (operation.function === 'logSoftmax') return x.like(logSoftmax(builder, x.tensor, lastAxis));
  if (operation.function === 'l2Normalize') return x.like(l2Normalize(builder, x.tensor, lastAxis));
  return x.like(elementwiseActivation(builder, operation.function, operation.alpha, x.tensor));
}

export function lowerUnary({ builder }: LoweringContext, operation: Unary, x: LoweredValue): LoweredValue {
  switch (operation.function) {
    case 'abs':
    case 'exp':
    case 'log':
    case 'sqrt':
      return x.like(builder.unary(operation.function, x.tensor));
    case 'rsqrt':
      return x.like(builder.reciprocal(builder.sqrt(x.tensor)));
    default:
      return unreachable(operation.function);
  }
}

function elementwiseActivation(
  builder: ProgramBuilder,
  name: Exclude<Activation['function'], FusedActivation | 'softmax' | 'logSoftmax' | 'l2Normalize'>,
  alpha: number,
  x: Tensor,
): Tensor {
  switch (name) {
    case 'leakyRelu':
      return builder.add(builder.relu(x), builder.mul(builder.min(x, 0), alpha));
    // The exponent is clipped at 0 so that the branch not taken cannot overflow.
    case 'elu':
      return builder.add(builder.relu(x), builder.mul(builder.sub(builder.exp(builder.min(x, 0)), 1), alpha));
    case 'celu':
      return builder.add(builder.relu(x), builder.mul(builder.sub(builder.exp(builder.mul(builder.min(x, 0), 1 / alpha)), 1), alpha));
    case 'softplus':
      return softplus(builder, x);
    case 'softsign':
      return builder.div(x, builder.add(builder.abs(x), 1));
    case 'mish':
      return builder.mul(x, builder.tanh(softplus(builder, x)));
    case 'erf':
      return builder.erf(x);
    case 'sigmoid':
      return builder.sigmoid(x);
    case 'tanh':
      return builder.tanh(x);
    case 'hardSwish':
      return builder.mul(x, builder.mul(builder.clip(builder.add(x, 3), 0, 6), 1 / 6));
    case 'swish':
      return builder.mul(x, builder.sigmoid(x));
    case 'gelu':
      return alpha === 1
        ? geluTanh(builder, x)
        : builder.mul(builder.mul(x, 0.5), builder.add(builder.erf(builder.mul(x, Math.SQRT1_2)), 1));
    default:
      return unreachable(name);
  }
}

/** `relu(x) + log(1 + exp(-|x|))`, a form that does not overflow. */
function softplus(builder: ProgramBuilder, x: Tensor): Tensor {
  return builder.add(builder.relu(x), builder.log(builder.add(builder.exp(builder.neg(builder.abs(x))), 1)));
}

/** Hendrycks & Gimpel 2016, arXiv:1606.08415, the tanh approximation. */
function geluTanh(builder: ProgramBuilder, x: Tensor): Tensor {
  const cubic = builder.mul(builder.mul(builder.square(x), x), 0.044715);
  const inner = builder.mul(builder.add(x, cubic), Math.sqrt(2 / Math.PI));
  return builder.mul(builder.mul(x, 0.5), builder.add(builder.tanh(inner), 1));
}

export function softmax(builder: ProgramBuilder, x: Tensor, axis: number): Tensor {
  const shifted = builder.sub(x, builder.stopGradient(builder.maximum(x, [axis], true)));
  const exponentials = builder.exp(shifted);
  return builder.div(exponentials, builder.sum(exponentials, [axis], true));
}

export function logSoftmax(builder: ProgramBuilder, x: Tensor, axis: number): Tensor {
  const shifted = builder.sub(x, builder.stopGradient(builder.maximum(x, [axis], true)));
  return builder.sub(shifted, builder.log(builder.sum(builder.exp(shifted), [axis], true)));
}

function l2Normalize(builder: ProgramBuilder, x: Tensor, axis: number): Tensor {
  const squares = builder.max(builder.sum(builder.square(x), [axis], true), 1e-12);
  return builder.div(x, builder.sqrt(squares));
}

export function lowerPRelu(context: LoweringContext, operation: PRelu, x: LoweredValue): LoweredValue {
  const { builder } = context;
  const alpha = context.parameter(operation.alpha);
  const perChannel = elements(alpha.shape.slice(0, -1)) === 1;
  const [input, slope] =
    perChannel && x.layout === 'channelsMajor'
      ? [x.channelsMajor, builder.reshape(alpha, [alpha.shape.at(-1) ?? 1, 1])]
      : [x.batchMajor, alpha];
  const y = builder.add(builder.relu(input), builder.mul(builder.min(input, 0), slope));
  return perChannel && x.layout === 'channelsMajor' ? context.channelsMajor(x.shape, y) : context.batchMajor(x.shape, y);
}
