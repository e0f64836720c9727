import { scaled } from '../../../network/compositions.ts';
import type { UnaryFunction } from '../../../network/operations.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import type { ComputedValue } from '../value.ts';
import { binary, combine, variadic } from './broadcasting.ts';

const unary =
  (name: UnaryFunction): NodeConverter =>
  (context) => {
    const value = context.input(0);
    return context.like(value, context.builder.unary(context.layer, value.id, name));
  };

function times(context: NodeContext, value: ComputedValue, factor: number): ComputedValue {
  return context.like(value, scaled(context.builder, context.layer, value.id, 'factor', factor));
}

/** `1 / x` */
function reciprocal(context: NodeContext): ComputedValue {
  const one = { kind: 'constant', name: undefined, tensor: { type: 'float32', shape: [], data: Float32Array.of(1) } } as const;
  return combine(context, 'div', one, context.input(0));
}

export const arithmeticOperators: Readonly<Record<string, NodeConverter>> = {
  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: binary('div'),
  Pow: binary('pow'),
  Min: variadic('min'),
  Max: variadic('max'),
  Sum: variadic('add'),
  Mean: variadic('add', (context, sum) => times(context, sum, 1 / context.inputCount)),
  Abs: unary('abs'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sqrt: unary('sqrt'),
  Neg: (context) => times(context, context.input(0), -1),
  Reciprocal: reciprocal,
};
