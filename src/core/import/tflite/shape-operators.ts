import { repeated, selected, split } from '../../network/selection.ts';
import type { ValueId } from '../../network/network.ts';
import type { Reduce, Resize } from '../../network/operations.ts';
import {
  type OperatorContext,
  type OperatorConverter,
  type OperatorConverters,
  anyValue,
  flag,
  numbers,
  option,
  padding,
  pairOption,
  refuse,
  required,
  valueAxes,
  withActivation,
} from './operator-context.ts';

const toOutputShape = (context: OperatorContext): ValueId => context.builder.reshape(context.layer, context.value(0), context.outputShape);

/** Rows of `[before, after]`; the batch may not be padded. */
function pad(context: OperatorContext): ValueId {
  const { data } = required(context, 1, 'paddings');
  const value = context.constant(2)?.data[0] ?? 0;
  if (data[0] !== 0 || data[1] !== 0) refuse(context, 'along the batch is not supported');
  const pairs = Array.from({ length: data.length / 2 - 1 }, (_, axis) => [data[axis * 2 + 2] ?? 0, data[axis * 2 + 3] ?? 0] as const);
  return context.builder.pad(context.layer, context.value(0), pairs, value);
}

function transpose(context: OperatorContext): ValueId {
  const [batch, ...order] = required(context, 1, 'permutation').data;
  if (batch !== 0) refuse(context, 'of the batch is not supported');
  return context.builder.permute(
    context.layer,
    context.value(0),
    order.map((axis) => axis - 1),
  );
}

const reduce =
  (name: Reduce['function']): OperatorConverter =>
  (context) => {
    const { builder, layer } = context;
    const input = context.value(0);
    const axes = valueAxes(context, numbers(context, 1, 'axes'), builder.shapeOf(input).length);
    return axes.length === 0 ? input : builder.reduce(layer, input, name, axes, flag(context, 'keepDimensions'));
  };

const pool =
  (name: 'max' | 'average') =>
  (context: OperatorContext): ValueId =>
    withActivation(context, false, () =>
      context.builder.pool2d(context.layer, context.value(0), name, pairOption(context, 'filterHeight', 'filterWidth'), {
        strides: pairOption(context, 'strideHeight', 'strideWidth'),
        padding: padding(context),
      }),
    );

const resize =
  (interpolation: Resize['interpolation']): OperatorConverter =>
  (context) => {
    const [height = 0, width = 0] = context.outputShape;
    const coordinates = flag(context, 'alignCorners') ? 'alignCorners' : flag(context, 'halfPixelCenters') ? 'halfPixel' : 'asymmetric';
    return context.builder.resize(context.layer, context.value(0), [height, width], interpolation, coordinates);
  };

/** Which axes a bit mask names. */
const bit = (mask: number, axis: number): boolean => ((mask >> axis) & 1) === 1;

/** Begin, end and step an axis; masks leave bounds open, or say which axes go or come. */
function stridedSlice(context: OperatorContext): ValueId {
  const { builder, layer } = context;
  const input = context.value(0);
  const lengths = [1, ...builder.shapeOf(input)];
  const [begin, end, strides] = (['begin', 'end', 'strides'] as const).map((what, i) => numbers(context, i + 1, what));
  const mask = (name: string): number => option(context, name, 0);
  if (mask('ellipsisMask') !== 0 || mask('newAxisMask') !== 0 || begin?.length !== lengths.length)
    return refuse(context, 'with an ellipsis, a new axis or fewer bounds than axes is not supported');
  const cuts = lengths.map((length, axis) => {
    const stride = strides?.[axis] ?? 1;
    if (stride < 1) refuse(context, 'with negative strides is not supported');
    const bound = (value: number): number => Math.min(Math.max(value < 0 ? value + length : value, 0), length);
    const from = bit(mask('beginMask'), axis) ? 0 : bound(begin[axis] ?? 0);
    const shrinks = bit(mask('shrinkAxisMask'), axis);
    const to = shrinks ? from + 1 : bit(mask('endMask'), axis) ? length : bound(end?.[axis] ?? length);
    return { from, size: Math.ceil((to - from) / stride), stride };
  });
  const [batch, ...rest] = cuts;
  if (batch?.from !== 0 || batch.size !== 1 || bit(mask('shrinkAxisMask'), 0)) refuse(context, 'of the batch is not supported');
  const cropped = builder.crop(
    layer,
    input,
    rest.map(({ from }) => from),
    rest.map(({ size }) => size),
    rest.map(({ stride }) => stride),
  );
  return mask('shrinkAxisMask') === 0 ? cropped : builder.reshape(layer, cropped, context.outputShape);
}

/** The axis of SPLIT is its first input, of SPLIT_V its third. */
const splitting =
  (value: number, axis: number): OperatorConverter =>
  (context) => {
    const input = context.value(value);
    const [along = 0] = valueAxes(context, numbers(context, axis, 'axis'), context.builder.shapeOf(input).length);
    const lengths = context.outputShapes.map((shape) => shape[along] ?? 0);
    return split(context.builder, context.layer, input, along, lengths);
  };

function unpack(context: OperatorContext): readonly ValueId[] {
  const { builder, layer } = context;
  const input = context.value(0);
  const [along = 0] = valueAxes(context, [option(context, 'axis', 0)], builder.shapeOf(input).length);
  const parts = split(builder, layer, input, along, new Array<number>(builder.shapeOf(input)[along] ?? 0).fill(1));
  return parts.map((part) => builder.reshape(layer, part, context.outputShape));
}

function pack(context: OperatorContext): ValueId {
  const { builder, layer, outputShape } = context;
  const [along = 0] = valueAxes(context, [option(context, 'axis', 0)], outputShape.length);
  const parts = context.operator.inputs.map((_, position) =>
    builder.reshape(layer, anyValue(context, position), outputShape.with(along, 1)),
  );
  return builder.concat(layer, parts, along);
}

/** A value beside itself, as often as each axis says. */
function tile(context: OperatorContext): ValueId {
  const { builder, layer } = context;
  const [batch, ...counts] = numbers(context, 1, 'multiples');
  if (batch !== 1) refuse(context, 'of the batch is not supported');
  return repeated(builder, layer, context.value(0), counts);
}

function broadcastTo(context: OperatorContext): ValueId {
  const { builder, layer, outputShape } = context;
  const input = context.value(0);
  const shape = builder.shapeOf(input);
  const aligned = [...new Array<number>(outputShape.length - shape.length).fill(1), ...shape];
  const counts = outputShape.map((length, axis) => length / (aligned[axis] ?? 1));
  return repeated(builder, layer, builder.reshape(layer, input, aligned), counts);
}

function slice(context: OperatorContext): ValueId {
  const begin = required(context, 1, 'begin').data;
  if (begin[0] !== 0) refuse(context, 'of the batch is not supported');
  return context.builder.crop(context.layer, context.value(0), Array.from(begin).slice(1), context.outputShape);
}

function concatenation(context: OperatorContext): ValueId {
  const inputs = context.operator.inputs.map((_, position) => anyValue(context, position));
  const axis = option(context, 'axis', 0);
  const rank = context.outputShape.length;
  if (axis === 0) refuse(context, 'along the batch is not supported');
  return withActivation(context, false, () => context.builder.concat(context.layer, inputs, axis < 0 ? axis + rank : axis - 1));
}

/** Rows of a constant table are an embedding; constant indices select along an axis. */
function gather(context: OperatorContext): ValueId {
  const { builder, layer } = context;
  if (option(context, 'batchDimensions', 0) !== 0) refuse(context, 'with batch dimensions is not supported');
  if (context.isConstant(0) && option(context, 'axis', 0) === 0)
    return builder.embedding(layer, context.value(1), required(context, 0, 'table'));
  if (!context.isConstant(1)) return refuse(context, 'is supported for rows of a constant table and for constant indices only');
  const input = context.value(0);
  const [along = 0] = valueAxes(context, [option(context, 'axis', 0)], builder.shapeOf(input).length);
  const picked = selected(builder, layer, input, along, numbers(context, 1, 'indices'));
  return builder.reshape(layer, picked, context.outputShape);
}

export const shapeOperators: OperatorConverters = {
  GATHER: gather,
  RESHAPE: toOutputShape,
  SQUEEZE: toOutputShape,
  EXPAND_DIMS: toOutputShape,
  PAD: pad,
  PADV2: pad,
  TRANSPOSE: transpose,
  MEAN: reduce('mean'),
  SUM: reduce('sum'),
  REDUCE_MAX: reduce('max'),
  REDUCE_MIN: reduce('min'),
  MAX_POOL_2D: pool('max'),
  AVERAGE_POOL_2D: pool('average'),
  RESIZE_NEAREST_NEIGHBOR: resize('nearest'),
  RESIZE_BILINEAR: resize('bilinear'),
  DEPTH_TO_SPACE: (context) => context.builder.depthToSpace(context.layer, context.value(0), option(context, 'blockSize', 1)),
  SPACE_TO_DEPTH: (context) => context.builder.spaceToDepth(context.layer, context.value(0), option(context, 'blockSize', 1)),
  SLICE: slice,
  STRIDED_SLICE: stridedSlice,
  SPLIT: splitting(1, 0),
  SPLIT_V: splitting(0, 2),
  PACK: pack,
  UNPACK: unpack,
  TILE: tile,
  BROADCAST_TO: broadcastTo,
  CONCATENATION: concatenation,
};
