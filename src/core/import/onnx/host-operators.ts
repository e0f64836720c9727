/**
 * Operators on tensors that are known when the model is read: the shape arithmetic that exporters write, and weights that
 * were transposed, cast or scaled in the graph.
 */
import { broadcastShape, elementCount } from '../../network/shapes/shape.ts';
import type { DataType } from '../../protobuf/onnx.ts';
import { axesInput, axisOf } from './axes.ts';
import { checkSize, type HostContext, type HostOperator } from './host-context.ts';
import { hostMovements } from './host-movements.ts';
import { broadcastTo, integerVector, isFloat, stridesOf, tensorFrom, type HostTensor } from './host-tensor.ts';
import { integerRanges } from './integer-ranges.ts';
import { refuse } from './refusal.ts';
import { dataTypeOf } from './tensor-proto.ts';

const unary =
  (compute: (value: number) => number): HostOperator =>
  (_, x) =>
    tensorFrom(x.type, x.shape, (i) => compute(x.data[i] ?? 0));

const binary =
  (compute: (a: number, b: number, type: DataType) => number, type?: DataType): HostOperator =>
  (context, x) => {
    const y = context.input(1) ?? refuse('has one input');
    const shape = broadcastShape(x.shape, y.shape) ?? refuse(`of [${x.shape.join(', ')}] and [${y.shape.join(', ')}] does not broadcast`);
    checkSize(shape);
    const [a, b] = [broadcastTo(x, shape), broadcastTo(y, shape)];
    return tensorFrom(type ?? x.type, shape, (i) => compute(a.data[i] ?? 0, b.data[i] ?? 0, x.type));
  };

const variadic =
  (compute: (a: number, b: number) => number): HostOperator =>
  (context, x) =>
    context.node.inputs.slice(1).reduce((sum, _, i) => {
      const y = context.input(i + 1) ?? refuse('lacks an input');
      const shape = broadcastShape(sum.shape, y.shape) ?? refuse('of shapes that do not broadcast');
      checkSize(shape);
      const [a, b] = [broadcastTo(sum, shape), broadcastTo(y, shape)];
      return tensorFrom(sum.type, shape, (k) => compute(a.data[k] ?? 0, b.data[k] ?? 0));
    }, x);

const reduce =
  (
    start: number,
    step: (sum: number, value: number) => number,
    finish: (sum: number, count: number) => number = (sum) => sum,
  ): HostOperator =>
  (context, x) => {
    const axes = reducedAxes(context, x.shape.length);
    const keep = context.node.attributes.integer('keepdims', 1) !== 0;
    const kept = x.shape.map((length, axis) => (axes.has(axis) ? 1 : length));
    const strides = stridesOf(kept);
    const sums = new Float64Array(elementCount(kept)).fill(start);
    const sourceStrides = stridesOf(x.shape);
    for (let i = 0; i < x.data.length; i++) {
      let target = 0;
      for (const [axis, length] of x.shape.entries())
        if (!axes.has(axis)) target += (Math.floor(i / (sourceStrides[axis] ?? 1)) % length) * (strides[axis] ?? 0);
      sums[target] = step(sums[target] ?? 0, x.data[i] ?? 0);
    }
    const count = sums.length === 0 ? 0 : x.data.length / sums.length;
    const shape = keep ? kept : x.shape.filter((_, axis) => !axes.has(axis));
    return tensorFrom(x.type, shape, (i) => finish(sums[i] ?? 0, count));
  };

function reducedAxes(context: HostContext, rank: number): ReadonlySet<number> {
  const given = context.node.attributes.integers('axes') ?? (context.input(1) === undefined ? [] : axesInput(context.input(1)));
  if (given.length === 0)
    return new Set(context.node.attributes.integer('noop_with_empty_axes', 0) === 0 ? Array.from({ length: rank }, (_, i) => i) : []);
  return new Set(given.map((axis) => axisOf(axis, rank)));
}

/** Of matrices and vectors: weights that a norm of their own scales, for example. */
function product(context: HostContext, a: HostTensor): HostTensor {
  const b = context.input(1) ?? refuse('has one input');
  if (a.shape.length > 2 || b.shape.length > 2) refuse('of two constants with more than two axes is not supported');
  const [rows, inner, columns] = [
    a.shape.length === 2 ? (a.shape[0] ?? 0) : 1,
    a.shape.at(-1) ?? 0,
    b.shape.length === 2 ? (b.shape[1] ?? 0) : 1,
  ];
  if (b.shape[0] !== inner) refuse(`of [${a.shape.join(', ')}] and [${b.shape.join(', ')}] is not possible`);
  checkSize([rows, columns]);
  const shape = [...(a.shape.length === 2 ? [rows] : []), ...(b.shape.length === 2 ? [columns] : [])];
  return tensorFrom(a.type, shape, (i) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += (a.data[Math.floor(i / columns) * inner + k] ?? 0) * (b.data[k * columns + (i % columns)] ?? 0);
    return sum;
  });
}

/** What lies on one side of a diagonal; the rest is 0. */
function triangle(context: HostContext, x: HostTensor): HostTensor {
  const [rows, columns] = [x.shape.at(-2) ?? 1, x.shape.at(-1) ?? 1];
  const diagonal = context.input(1)?.data[0] ?? 0;
  const upper = context.node.attributes.integer('upper', 1) !== 0;
  return tensorFrom(x.type, x.shape, (i) => {
    const offset = (i % columns) - (Math.floor(i / columns) % rows) - diagonal;
    return (upper ? offset >= 0 : offset <= 0) ? (x.data[i] ?? 0) : 0;
  });
}

function cast(type: DataType): (x: HostTensor) => HostTensor {
  return (x) =>
    tensorFrom(type, x.shape, (i) => {
      const value = x.data[i] ?? 0;
      if (type === 'bool') return value === 0 ? 0 : 1;
      return isFloat(type) ? value : Math.trunc(value);
    });
}

/** What a Constant node holds. */
export function constantOf({ node, attribute }: Pick<HostContext, 'node' | 'attribute'>): HostTensor {
  const { attributes } = node;
  const value = attribute('value');
  if (value !== undefined) return value;
  const floats = attributes.floats('value_floats');
  const integers = attributes.integers('value_ints');
  if (attributes.has('value_float')) return { type: 'float32', shape: [], data: Float32Array.of(attributes.float('value_float', 0)) };
  if (attributes.has('value_int')) return { type: 'int64', shape: [], data: Float64Array.of(attributes.integer('value_int', 0)) };
  if (floats !== undefined) return { type: 'float32', shape: [floats.length], data: Float32Array.from(floats) };
  if (integers !== undefined) return integerVector(integers);
  return refuse('of strings or sparse tensors is not supported');
}

/** Of a zero point's type; without one uint8. */
function quantize(context: HostContext, x: HostTensor): HostTensor {
  const scale = context.input(1) ?? refuse('has no scale');
  const zero = context.input(2);
  const type = zero?.type ?? 'uint8';
  const [least, most] = integerRanges[type] ?? refuse(`to ${type} is not supported`);
  const of = channelOf(context, x, scale);
  return tensorFrom(type, x.shape, (i) => {
    const rounded = roundHalfEven((x.data[i] ?? 0) / (scale.data[of(i)] ?? 1)) + (zero?.data[of(i)] ?? 0);
    return Math.min(Math.max(rounded, least), most);
  });
}

/** For an element of `x`, which of the scales is its own. */
function channelOf(context: HostContext, x: HostTensor, scale: HostTensor): (index: number) => number {
  const { attributes } = context.node;
  if (attributes.integer('block_size', 0) !== 0) refuse('in blocks is not supported');
  if (scale.data.length === 1) return () => 0;
  const inner = elementCount(x.shape.slice(axisOf(attributes.integer('axis', 1), x.shape.length) + 1));
  return (index) => Math.floor(index / inner) % scale.data.length;
}

function dequantize(context: HostContext, x: HostTensor): HostTensor {
  const scale = context.input(1) ?? refuse('has no scale');
  const zero = context.input(2);
  const of = channelOf(context, x, scale);
  return tensorFrom('float32', x.shape, (i) => ((x.data[i] ?? 0) - (zero?.data[of(i)] ?? 0)) * (scale.data[of(i)] ?? 1));
}

const quotient = (a: number, b: number, type: DataType): number => (isFloat(type) ? a / b : Math.trunc(a / b));
const roundHalfEven = (value: number): number => {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};

/** Operators whose inputs must all be known, but for shapes: those read what a value looks like, not what it holds. */
export const hostOperators: Readonly<Record<string, HostOperator>> = {
  ...hostMovements,
  Identity: (_, x) => x,
  Dropout: (_, x) => x,
  Cast: (context, x) => {
    const type = dataTypeOf(context.node.attributes.integer('to', 1));
    return type === undefined ? refuse('to a type that is not supported') : cast(type)(x);
  },
  CastLike: (context, x) => cast(context.input(1)?.type ?? x.type)(x),
  Shape: (_, x) => integerVector(x.shape),
  Size: (_, x) => ({ type: 'int64', shape: [], data: Float64Array.of(x.data.length) }),
  ConstantOfShape: (context, x) => {
    const shape = Array.from(x.data);
    checkSize(shape);
    const value = context.attribute('value');
    return tensorFrom(value?.type ?? 'float32', shape, () => value?.data[0] ?? 0);
  },
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary(quotient),
  Mod: binary((a, b) => a - b * Math.floor(a / b)),
  Pow: binary((a, b) => a ** b),
  Equal: binary((a, b) => (a === b ? 1 : 0), 'bool'),
  Greater: binary((a, b) => (a > b ? 1 : 0), 'bool'),
  GreaterOrEqual: binary((a, b) => (a >= b ? 1 : 0), 'bool'),
  Less: binary((a, b) => (a < b ? 1 : 0), 'bool'),
  LessOrEqual: binary((a, b) => (a <= b ? 1 : 0), 'bool'),
  And: binary((a, b) => (a !== 0 && b !== 0 ? 1 : 0), 'bool'),
  Or: binary((a, b) => (a !== 0 || b !== 0 ? 1 : 0), 'bool'),
  MatMul: product,
  Trilu: triangle,
  IsNaN: (_, x) => tensorFrom('bool', x.shape, (i) => (Number.isNaN(x.data[i]) ? 1 : 0)),
  Not: unary((value) => (value === 0 ? 1 : 0)),
  Min: variadic(Math.min),
  Max: variadic(Math.max),
  Sum: variadic((a, b) => a + b),
  Neg: unary((value) => -value),
  Abs: unary(Math.abs),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Reciprocal: unary((value) => 1 / value),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfEven),
  Relu: unary((value) => Math.max(value, 0)),
  ReduceProd: reduce(1, (a, b) => a * b),
  ReduceSum: reduce(0, (a, b) => a + b),
  ReduceMean: reduce(
    0,
    (a, b) => a + b,
    (sum, count) => sum / count,
  ),
  ReduceMax: reduce(-Infinity, Math.max),
  ReduceMin: reduce(Infinity, Math.min),
};
