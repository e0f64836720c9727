/** Operators that move, cut and join elements. */
import { split as splitInParts } from '../../../network/selection.ts';
import type { ValueId } from '../../../network/network.ts';
import { broadcastShape, elementCount } from '../../../network/shapes/shape.ts';
import { axisOf } from '../axes.ts';
import { isFloat, transposed } from '../host-tensor.ts';
import { parameterOf, type NodeContext, type NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import { sliceRanges } from '../slice-ranges.ts';
import { splitSizes } from '../split-sizes.ts';
import { targetShape } from '../target-shape.ts';
import { dataTypeOf } from '../tensor-proto.ts';
import type { ComputedValue } from '../value.ts';
import { chooseAlong, cropped } from './selection.ts';

const identity: NodeConverter = (context) => context.input(0);

/** Between float types nothing changes; integers are whole floats already. */
function cast(context: NodeContext): ComputedValue {
  const value = context.input(0);
  const like = context.node.op === 'CastLike' ? context.constant(1, 'a type')?.type : undefined;
  const type = like ?? dataTypeOf(context.node.attributes.integer('to', 0));
  if (type === undefined || type === 'bool') return refuse('to a type of no numbers is not supported');
  if (isFloat(type)) return { ...value, element: 'float' };
  if (value.element === 'float') refuse(`of floats to ${type} is not supported: it rounds`, 'leave the result in float');
  return value;
}

function dropout(context: NodeContext): ComputedValue {
  const isTraining = context.constant(2, 'a mode')?.data[0] === 1 && context.constant(1, 'a ratio')?.data[0] !== 0;
  if (isTraining) refuse('in training mode is not supported', 'call model.eval() before exporting');
  return context.input(0);
}

function reshape(context: NodeContext): ComputedValue {
  const value = context.input(0);
  const given = context.constant(1, 'a shape');
  return context.layout.reshape(value, targetShape(context.node, value.shape, given), context.layer);
}

/** Squeeze and Unsqueeze: it is known where each axis goes. */
function squeeze(context: NodeContext): ComputedValue {
  const { node, layout, layer } = context;
  const value = context.input(0);
  const shape = targetShape(node, value.shape, context.constant(1, 'axes'));
  const axes = context.constant(1, 'axes')?.data ?? node.attributes.integers('axes');
  return layout.reshapeAround(
    value,
    shape,
    batchAfter(node.op, value, shape.length, axes === undefined ? undefined : Array.from(axes)),
    layer,
  );
}

function batchAfter(op: string, value: ComputedValue, rank: number, axes: readonly number[] | undefined): number | undefined {
  const { batch } = value;
  if (op === 'Unsqueeze') {
    const added = new Set((axes ?? []).map((axis) => axisOf(axis, rank)));
    if (batch === undefined) return added.has(0) ? 0 : undefined;
    const kept = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !added.has(axis));
    return kept[batch];
  }
  const gone = new Set(
    axes?.map((axis) => axisOf(axis, value.shape.length)) ?? value.shape.flatMap((length, axis) => (length === 1 ? [axis] : [])),
  );
  if (batch === undefined || gone.has(batch)) return undefined;
  return value.shape
    .map((_, axis) => axis)
    .filter((axis) => !gone.has(axis))
    .indexOf(batch);
}

function transpose(context: NodeContext): ComputedValue {
  const value = context.input(0);
  const rank = value.shape.length;
  const order = context.node.attributes.integers('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (order.length !== rank || value.shape.some((_, axis) => !order.includes(axis)))
    refuse(`by [${order.join(', ')}] does not fit [${value.shape.join(', ')}]`);
  return context.layout.transpose(value, order);
}

function concat(context: NodeContext): ComputedValue {
  const { builder, layout, layer, node } = context;
  const operands = Array.from({ length: context.inputCount }, (_, i) => context.operand(i));
  const main = operands
    .filter((operand) => operand.kind === 'computed')
    .reduce((larger, next) => (elementCount(next.shape) > elementCount(larger.shape) ? next : larger));
  const axis = axisOf(node.attributes.integer('axis', 0), main.shape.length);
  if (axis === main.batch) refuse('along the batch is not supported', 'keep examples apart');
  const ids = operands.map((operand): ValueId => {
    if (operand.kind === 'constant') {
      const { tensor } = operand;
      if (main.batch !== undefined && tensor.shape[main.batch] !== 1) refuse('with a constant that has a batch is not supported');
      const parameter = parameterOf(tensor, `joined ${main.axes.join()}`, (whole) => ({
        ...transposed(whole, [...(main.batch === undefined ? [] : [main.batch]), ...main.axes]),
        shape: main.axes.map((own) => whole.shape[own] ?? 1),
      }));
      return builder.constant(layer, parameter, { name: `${layer}/${builder.shapeOf(main.id).length}_${operand.name ?? 'constant'}` });
    }
    const own = operand.batch === main.batch ? operand : layout.reshapeAround(operand, operand.shape, main.batch, layer);
    return layout.inOrder(own, main.axes, layer);
  });
  const id = builder.concat(layer, ids, main.axes.indexOf(axis));
  const length = operands.reduce(
    (sum, operand) => sum + ((operand.kind === 'computed' ? operand.shape : operand.tensor.shape)[axis] ?? 0),
    0,
  );
  return { ...main, id, shape: main.shape.with(axis, length) };
}

function split(context: NodeContext): readonly ComputedValue[] {
  const value = context.input(0);
  const axis = axisOf(context.node.attributes.integer('axis', 0), value.shape.length);
  if (axis === value.batch) refuse('along the batch is not supported', 'keep examples apart');
  const sizes = splitSizes(context.node, value.shape[axis] ?? 0, context.constant(1, 'sizes'));
  const parts = splitInParts(context.builder, context.layer, value.id, value.axes.indexOf(axis), sizes);
  return parts.map((id, i) => ({ ...value, id, shape: value.shape.with(axis, sizes[i] ?? 0) }));
}

function slice(context: NodeContext): ComputedValue {
  const value = context.input(0);
  const names = ['', 'starts', 'ends', 'axes', 'steps'];
  return cropped(
    context,
    value,
    sliceRanges(context.node, value.shape, (position) => context.constant(position, names[position] ?? '')),
  );
}

/** Elements of one axis by constant indices, or rows of a constant table by computed ones: an embedding. */
function gather(context: NodeContext): ComputedValue {
  const { builder, layer, layout, node } = context;
  const source = context.operand(0);
  if (source.kind === 'constant') {
    const indices = context.input(1);
    if (node.attributes.integer('axis', 0) !== 0 || source.tensor.shape.length !== 2)
      refuse('of other constants than the rows of a table is not supported');
    const ordered = layout.inOnnxOrder(indices, layer);
    const table = parameterOf(source.tensor, 'table', (tensor) => tensor);
    const id = builder.embedding(layer, ordered, table);
    const width = table.shape[1] ?? 0;
    const axes = indices.shape.map((_, axis) => axis).filter((axis) => axis !== indices.batch);
    return {
      kind: 'computed',
      id,
      shape: [...indices.shape, width],
      axes: [...axes, indices.shape.length],
      batch: indices.batch,
      element: 'float',
    };
  }
  const indices = context.required(1, 'indices');
  const axis = axisOf(node.attributes.integer('axis', 0), source.shape.length);
  const length = source.shape[axis] ?? 0;
  const chosen = Array.from(indices.data, (index) => (index < 0 ? index + length : index));
  if (chosen.some((index) => !(index >= 0 && index < length))) refuse(`reads index ${indices.data.join(', ')} of ${length}`);
  const gathered = chooseAlong(context, source, axis, chosen);
  const shape = [...source.shape.slice(0, axis), ...indices.shape, ...source.shape.slice(axis + 1)];
  const { batch } = source;
  const moved = batch === undefined ? undefined : batch === axis ? undefined : batch > axis ? batch + indices.shape.length - 1 : batch;
  return layout.reshapeAround(gathered, shape, moved, layer);
}

/** Broadcasting to a shape: copies joined along each axis that grows. */
function expand(context: NodeContext): ComputedValue {
  const value = context.input(0);
  const wanted = Array.from(context.required(1, 'shape').data);
  const shape = broadcastShape(value.shape, wanted) ?? refuse(`of [${value.shape.join(', ')}] to [${wanted.join(', ')}] is not possible`);
  const lead = shape.length - value.shape.length;
  const aligned =
    lead === 0
      ? value
      : context.layout.reshapeAround(
          value,
          [...new Array<number>(lead).fill(1), ...value.shape],
          value.batch === undefined ? undefined : value.batch + lead,
          context.layer,
        );
  return repeated(
    context,
    aligned,
    shape.map((length, axis) => length / (aligned.shape[axis] ?? 1)),
  );
}

function tile(context: NodeContext): ComputedValue {
  return repeated(context, context.input(0), Array.from(context.required(1, 'repeats').data));
}

/** No network repeats a value more often along an axis than a feature map is wide. */
const mostCopies = 4096;

function repeated(context: NodeContext, value: ComputedValue, counts: readonly number[]): ComputedValue {
  const { builder, layer } = context;
  return counts.reduce((result, count, axis) => {
    if (count === 1) return result;
    if (axis === result.batch) refuse('of the batch is not supported', 'keep examples apart');
    if (!(Number.isInteger(count) && count >= 1 && count <= mostCopies)) refuse(`${count} times is not supported`);
    const id = builder.concat(layer, new Array<ValueId>(count).fill(result.id), result.axes.indexOf(axis));
    return { ...result, id, shape: result.shape.with(axis, (result.shape[axis] ?? 1) * count) };
  }, value);
}

export const shapeOperators: Readonly<Record<string, NodeConverter>> = {
  Identity: identity,
  Cast: cast,
  CastLike: cast,
  Dropout: dropout,
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: squeeze,
  Unsqueeze: squeeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  Expand: expand,
  Tile: tile,
};
