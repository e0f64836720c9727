/** Element-wise operators of two values, or of a value and a constant, under NumPy's broadcasting. */
import { arithmetic } from '../../../network/compositions.ts';
import type { Parameter } from '../../../network/network.ts';
import type { BinaryFunction } from '../../../network/operations.ts';
import { broadcastShape, elementCount } from '../../../network/shapes/shape.ts';
import { broadcastTo, tensorFrom, transposed, type HostTensor } from '../host-tensor.ts';
import { parameterOf, type NodeContext, type NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue, ConstantValue } from '../value.ts';

export const binary =
  (name: BinaryFunction): NodeConverter =>
  (context) =>
    combine(context, name, context.operand(0), context.operand(1));

/** Of any number of values: combined two at a time. */
export const variadic =
  (name: BinaryFunction, finish: (context: NodeContext, sum: ComputedValue) => ComputedValue = (_, sum) => sum): NodeConverter =>
  (context) => {
    const operands = Array.from({ length: context.inputCount }, (_, i) => context.operand(i));
    const [first = context.operand(0), ...rest] = operands;
    const sum = rest.reduce((total, next, i) => combine(context, name, total, next, i === 0 ? undefined : String(i)), first);
    return finish(context, sum.kind === 'computed' ? sum : context.input(0));
  };

export function combine(
  context: NodeContext,
  name: BinaryFunction,
  a: ComputedValue | ConstantValue,
  b: ComputedValue | ConstantValue,
  part?: string,
): ComputedValue {
  const isInteger = [a, b].some((operand) => operand.kind === 'computed' && operand.element === 'integer');
  if (isInteger && (name === 'div' || name === 'pow')) refuse('of integers is not supported: it rounds', 'cast them to floats before');
  if (a.kind === 'computed' && b.kind === 'computed') return ofValues(context, name, a, b);
  if (a.kind === 'computed' && b.kind === 'constant') return withConstant(context, name, a, b, false, part);
  if (a.kind === 'constant' && b.kind === 'computed') return withConstant(context, name, b, a, true, part);
  return refuse('of two constants is not supported');
}

function ofValues(context: NodeContext, name: BinaryFunction, a: ComputedValue, b: ComputedValue): ComputedValue {
  const { builder, layer, layout } = context;
  const shape = broadcastShape(a.shape, b.shape) ?? refuse(`of [${a.shape.join(', ')}] and [${b.shape.join(', ')}] does not broadcast`);
  const [first, second] = [alignTo(context, a, shape.length), alignTo(context, b, shape.length)];
  const batch = first.batch ?? second.batch;
  const [left, right] = [unbatched(context, first, batch), unbatched(context, second, batch)];
  // The larger value keeps its order; the other one is brought into it.
  const { axes } = elementCount(left.shape) >= elementCount(right.shape) ? left : right;
  const id = builder.binary(layer, name, layout.inOrder(left, axes, layer), layout.inOrder(right, axes, layer));
  return { ...first, id, shape, axes, batch };
}

/** With axes of length 1 in front, up to the rank. */
function alignTo(context: NodeContext, value: ComputedValue, rank: number): ComputedValue {
  const lead = rank - value.shape.length;
  if (lead === 0) return value;
  const shape = [...new Array<number>(lead).fill(1), ...value.shape];
  const batch = value.batch === undefined ? undefined : value.batch + lead;
  return context.layout.reshapeAround(value, shape, batch, context.layer);
}

/** With the given axis as the batch: for one example any axis of length 1 can be it. */
function unbatched(context: NodeContext, value: ComputedValue, batch: number | undefined): ComputedValue {
  if (value.batch === batch) return value;
  if (context.layout.batchSize !== 1 || (batch !== undefined && value.shape[batch] !== 1))
    refuse(`of [${value.shape.join(', ')}] mixes the batch with other axes`, 'export the model with a batch of 1 or an open one');
  return context.layout.reshapeAround(value, value.shape, batch, context.layer);
}

/** @param constantFirst whether the constant is the left operand */
function withConstant(
  context: NodeContext,
  name: BinaryFunction,
  value: ComputedValue,
  constant: ConstantValue,
  constantFirst: boolean,
  part: string | undefined,
): ComputedValue {
  const { builder, layer } = context;
  const { tensor } = constant;
  const shape =
    broadcastShape(value.shape, tensor.shape) ??
    refuse(`of [${value.shape.join(', ')}] and a constant [${tensor.shape.join(', ')}] does not broadcast`);
  const aligned = alignTo(context, value, shape.length);
  const parameter = arranged(name === 'add' ? finite(tensor) : tensor, aligned);
  const learned = constant.name !== undefined && /\.(weight|bias)$/.test(constant.name);
  const label = part === undefined ? layer : `${layer}/${part}`;
  const [left, right] = constantFirst ? [parameter, aligned.id] : [aligned.id, parameter];
  return { ...aligned, id: arithmetic(builder, label, name, left, right, { learned }), shape };
}

/** What a softmax gives no share: in TFLite's range of float16, and far from values that networks compute. */
const masked = -1e4;

const finiteTensors = new WeakMap<HostTensor, HostTensor>();

/** A mask of attention that is added: minus infinity, which no file may hold as a weight, becomes a number that comes to the same. */
function finite(tensor: HostTensor): HostTensor {
  if (!tensor.data.includes(-Infinity)) return tensor;
  const known = finiteTensors.get(tensor) ?? tensorFrom(tensor.type, tensor.shape, (i) => Math.max(tensor.data[i] ?? 0, masked));
  finiteTensors.set(tensor, known);
  return known;
}

/** The constant under the stored order of a value's axes, with length 1 where it does not vary. */
export function arranged(tensor: HostTensor, value: ComputedValue): Parameter {
  const lead = value.shape.length - tensor.shape.length;
  const own = value.shape.map((_, axis) => tensor.shape[axis - lead] ?? 1);
  if (value.batch !== undefined && own[value.batch] !== 1)
    refuse('with a constant that differs between the examples of a batch is not supported', 'export the model with a batch of 1');
  return parameterOf(tensor, `broadcast ${own.join()} ${value.axes.join()}`, () => {
    const moved = transposed(broadcastTo(tensor, own), [...(value.batch === undefined ? [] : [value.batch]), ...value.axes]);
    return { ...moved, shape: value.axes.map((axis) => own[axis] ?? 1) };
  });
}
