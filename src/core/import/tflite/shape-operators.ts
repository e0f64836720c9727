import type { ValueId } from '../../network/network.ts';
import {
  type OperatorContext,
  type OperatorConverters,
  flag,
  option,
  padding,
  pairOption,
  refuse,
  required,
  withActivation,
} from './operator-context.ts';

const toOutputShape = (context: OperatorContext): ValueId => context.builder.reshape(context.layer, context.value(0), context.outputShape);

/** Rows of `[before, after]`; the batch may not be padded. */
function pad(context: OperatorContext): ValueId {
  const { data } = required(context, 1, 'paddings');
  const value = context.constant(2)?.data[0] ?? 0;
  if (value !== 0 || data[0] !== 0 || data[1] !== 0) refuse(context, 'with other values than zero, or along the batch, is not supported');
  const pairs = Array.from({ length: data.length / 2 - 1 }, (_, axis) => [data[axis * 2 + 2] ?? 0, data[axis * 2 + 3] ?? 0] as const);
  return context.builder.pad(context.layer, context.value(0), pairs);
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

/** Over height and width of an image, or over the steps of a sequence. */
const reduce =
  (name: 'max' | 'average') =>
  (context: OperatorContext): ValueId => {
    const { builder, layer } = context;
    const shape = builder.shapeOf(context.value(0));
    const axes = Array.from(required(context, 1, 'axes').data, (axis) => (axis < 0 ? axis + shape.length + 1 : axis))
      .sort()
      .join();
    if (shape.length === 3 && axes === '1,2') return builder.globalPool(layer, context.value(0), name, flag(context, 'keepDimensions'));
    if (shape.length === 2 && axes === '1') {
      const pooled = builder.globalPool(layer, builder.reshape(layer, context.value(0), [1, ...shape]), name);
      return flag(context, 'keepDimensions') ? builder.reshape(layer, pooled, context.outputShape) : pooled;
    }
    return refuse(context, `over the axes ${axes} of [n, ${shape.join(', ')}] is not supported`);
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
  (interpolation: 'nearest' | 'bilinear') =>
  (context: OperatorContext): ValueId => {
    const [h = 1, w = 1] = context.builder.shapeOf(context.value(0));
    const [outHeight = 0, outWidth = 0] = context.outputShape;
    const centred = interpolation === 'nearest' || flag(context, 'halfPixelCenters');
    if (outHeight % h !== 0 || outWidth % w !== 0 || flag(context, 'alignCorners') || !centred)
      refuse(context, `from ${h}x${w} to ${outHeight}x${outWidth} is not supported: only whole factors with half-pixel centres are`);
    return context.builder.upsample(context.layer, context.value(0), [outHeight / h, outWidth / w], interpolation);
  };

function slice(context: OperatorContext): ValueId {
  const begin = required(context, 1, 'begin').data;
  if (begin[0] !== 0) refuse(context, 'of the batch is not supported');
  return context.builder.crop(context.layer, context.value(0), Array.from(begin).slice(1), context.outputShape);
}

function concatenation(context: OperatorContext): ValueId {
  const inputs = context.operator.inputs.map((_, position) => context.value(position));
  const axis = option(context, 'axis', 0);
  const rank = context.outputShape.length;
  if (axis === 0) refuse(context, 'along the batch is not supported');
  return withActivation(context, false, () => context.builder.concat(context.layer, inputs, axis < 0 ? axis + rank : axis - 1));
}

/** Rows of a table: an embedding, when the table is constant and the rows are computed. */
function gather(context: OperatorContext): ValueId {
  if (!context.isConstant(0) || option(context, 'axis', 0) !== 0 || option(context, 'batchDimensions', 0) !== 0)
    refuse(context, 'is supported for rows of a constant table only');
  return context.builder.embedding(context.layer, context.value(1), required(context, 0, 'table'));
}

export const shapeOperators: OperatorConverters = {
  GATHER: gather,
  RESHAPE: toOutputShape,
  SQUEEZE: toOutputShape,
  EXPAND_DIMS: toOutputShape,
  PAD: pad,
  PADV2: pad,
  TRANSPOSE: transpose,
  MEAN: reduce('average'),
  REDUCE_MAX: reduce('max'),
  MAX_POOL_2D: pool('max'),
  AVERAGE_POOL_2D: pool('average'),
  RESIZE_NEAREST_NEIGHBOR: resize('nearest'),
  RESIZE_BILINEAR: resize('bilinear'),
  SLICE: slice,
  CONCATENATION: concatenation,
};
