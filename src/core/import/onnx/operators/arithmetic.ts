import { scaled } from '../../../network/compositions.ts';
import type { UnaryFunction } from '../../../network/operations.ts';
import { broadcastShape } from '../../../network/shapes/shape.ts';
import { broadcastTo, tensorFrom, type HostTensor } from '../host-tensor.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue, ConstantValue } from '../value.ts';
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

/** By a condition that is known: each value times its part of it, which changes none. */
function where(context: NodeContext): ComputedValue {
  const condition = context.required(0, 'a condition');
  const a = masked(context, context.operand(1), condition, 'kept');
  const b = masked(context, context.operand(2), negated(condition), 'others');
  return combine(context, 'add', a, b, 'joined');
}

function masked(
  context: NodeContext,
  operand: ComputedValue | ConstantValue,
  mask: HostTensor,
  part: string,
): ComputedValue | ConstantValue {
  if (operand.kind === 'computed') return combine(context, 'mul', operand, { kind: 'constant', name: undefined, tensor: mask }, part);
  const { tensor } = operand;
  const shape = broadcastShape(tensor.shape, mask.shape) ?? refuse('of shapes that do not broadcast');
  const [values, kept] = [broadcastTo(tensor, shape), broadcastTo(mask, shape)];
  // Nothing times infinity would be no number.
  return { ...operand, tensor: tensorFrom(tensor.type, shape, (i) => (kept.data[i] === 0 ? 0 : (values.data[i] ?? 0))) };
}

function negated(mask: HostTensor): HostTensor {
  return tensorFrom('float32', mask.shape, (i) => (mask.data[i] === 0 ? 1 : 0));
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
  Where: where,
};
