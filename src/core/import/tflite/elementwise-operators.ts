import { arithmetic as arithmeticOf, clipped, scaled } from '../../network/compositions.ts';
import type { ValueId } from '../../network/network.ts';
import type { ActivationFunction, BinaryFunction, UnaryFunction } from '../../network/operations.ts';
import {
  type OperatorContext,
  type OperatorConverter,
  type OperatorConverters,
  anyValue,
  flag,
  operand,
  option,
  refuse,
  required,
  withActivation,
} from './operator-context.ts';

const activation =
  (name: ActivationFunction, alpha: (context: OperatorContext) => number = () => 0): OperatorConverter =>
  (context) =>
    context.builder.activation(context.layer, context.value(0), name, alpha(context));

/** Of two values, or of a value and a constant. */
const arithmetic =
  (name: BinaryFunction): OperatorConverter =>
  (context) => {
    const [a, b] = [operand(context, 0), operand(context, 1)];
    const canFuse = name !== 'max' && name !== 'min' && name !== 'pow';
    return withActivation(context, canFuse, (fused) => arithmeticOf(context.builder, context.layer, name, a, b, { activation: fused }));
  };

const unary =
  (name: UnaryFunction): OperatorConverter =>
  (context) =>
    context.builder.unary(context.layer, context.value(0), name);

function squaredDifference(context: OperatorContext): ValueId {
  const { builder, layer } = context;
  const difference = arithmeticOf(builder, layer, 'sub', operand(context, 0), operand(context, 1));
  return builder.binary(layer, 'mul', difference, difference);
}

function prelu(context: OperatorContext): ValueId {
  const alpha = required(context, 1, 'alpha');
  const rank = context.builder.shapeOf(context.value(0)).length;
  const shape = alpha.shape.slice(-rank);
  return context.builder.prelu(context.layer, context.value(0), {
    shape: [...new Array<number>(rank - shape.length).fill(1), ...shape],
    data: alpha.data,
  });
}

export const elementwiseOperators: OperatorConverters = {
  RELU: activation('relu'),
  RELU6: activation('relu6'),
  RELU_N1_TO_1: (context) => clipped(context.builder, context.layer, context.value(0), -1, 1),
  RELU_0_TO_1: (context) => clipped(context.builder, context.layer, context.value(0), 0, 1),
  LOGISTIC: activation('sigmoid'),
  TANH: activation('tanh'),
  HARD_SWISH: activation('hardSwish'),
  ELU: activation('elu', () => 1),
  LEAKY_RELU: activation('leakyRelu', (context) => option(context, 'alpha', 0)),
  GELU: activation('gelu', (context) => (flag(context, 'approximate') ? 1 : 0)),
  SOFTMAX: (context) =>
    option(context, 'beta', 1) === 1 ? activation('softmax')(context) : refuse(context, 'with a beta other than 1 is not supported'),
  LOG_SOFTMAX: activation('logSoftmax'),
  L2_NORMALIZATION: (context) =>
    withActivation(context, false, () => context.builder.activation(context.layer, context.value(0), 'l2Normalize')),
  ABS: unary('abs'),
  EXP: unary('exp'),
  LOG: unary('log'),
  SQRT: unary('sqrt'),
  RSQRT: unary('rsqrt'),
  NEG: (context) => scaled(context.builder, context.layer, context.value(0), 'negated', -1),
  SQUARE: (context) => context.builder.binary(context.layer, 'mul', context.value(0), context.value(0)),
  ADD: arithmetic('add'),
  SUB: arithmetic('sub'),
  MUL: arithmetic('mul'),
  DIV: arithmetic('div'),
  MAXIMUM: arithmetic('max'),
  MINIMUM: arithmetic('min'),
  POW: arithmetic('pow'),
  SQUARED_DIFFERENCE: squaredDifference,
  PRELU: prelu,
  BATCH_MATMUL: (context) =>
    context.builder.batchMatmul(context.layer, anyValue(context, 0), anyValue(context, 1), {
      transposeA: flag(context, 'adjointX'),
      transposeB: flag(context, 'adjointY'),
    }),
};
