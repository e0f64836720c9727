import type { Parameter, ValueId } from '../../network/network.ts';
import type { ActivationFunction } from '../../network/operations.ts';
import {
  type OperatorContext,
  type OperatorConverter,
  type OperatorConverters,
  flag,
  option,
  refuse,
  required,
  withActivation,
} from './operator-context.ts';

const activation =
  (name: ActivationFunction, alpha: (context: OperatorContext) => number = () => 0): OperatorConverter =>
  (context) =>
    context.builder.activation(context.layer, context.value(0), name, alpha(context));

/** Of two values, or of a value and a constant of one number (or one a channel). */
const arithmetic =
  (name: 'add' | 'sub' | 'mul'): OperatorConverter =>
  (context) => {
    const { builder, layer } = context;
    const [left, right] = [context.isConstant(0), context.isConstant(1)];
    if (!left && !right)
      return withActivation(context, true, (fused) => builder.binary(layer, name, context.value(0), context.value(1), fused));
    const input = context.value(left ? 1 : 0);
    const constant = perChannel(context, required(context, left ? 0 : 1, 'constant'), input);
    const fill = (value: number): Float32Array => new Float32Array(constant.length).fill(value);
    return withActivation(context, false, () => {
      switch (name) {
        case 'add':
          return builder.rescale(layer, input, fill(1), constant);
        case 'mul':
          return builder.rescale(layer, input, constant, fill(0));
        case 'sub':
          return left
            ? builder.rescale(layer, input, fill(-1), constant)
            : builder.rescale(
                layer,
                input,
                fill(1),
                constant.map((value) => -value),
              );
      }
    });
  };

function perChannel(context: OperatorContext, constant: Parameter, input: ValueId): Float32Array {
  const channels = context.builder.shapeOf(input).at(-1);
  const last = constant.shape.at(-1) ?? 1;
  if (constant.data.length !== last || (last !== 1 && last !== channels))
    refuse(context, `with a constant of shape [${constant.shape.join(', ')}] is not supported: it must be one number or one a channel`);
  return constant.data;
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
  LOGISTIC: activation('sigmoid'),
  TANH: activation('tanh'),
  HARD_SWISH: activation('hardSwish'),
  ELU: activation('elu', () => 1),
  LEAKY_RELU: activation('leakyRelu', (context) => option(context, 'alpha', 0)),
  GELU: activation('gelu', (context) => (flag(context, 'approximate') ? 1 : 0)),
  SOFTMAX: (context) =>
    option(context, 'beta', 1) === 1 ? activation('softmax')(context) : refuse(context, 'with a beta other than 1 is not supported'),
  ADD: arithmetic('add'),
  SUB: arithmetic('sub'),
  MUL: arithmetic('mul'),
  PRELU: prelu,
};
