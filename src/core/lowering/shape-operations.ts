import type { Shape } from '../network/network.ts';
import type { Concat, Constant, Crop, DepthToSpace, Pad, Permute, SpaceToDepth } from '../network/operations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

export function lowerConcat(context: LoweringContext, operation: Concat, xs: readonly LoweredValue[], shape: Shape): LoweredValue {
  const { builder } = context;
  const axis = operation.axis < 0 ? operation.axis + shape.length : operation.axis;
  if (xs.every((x) => x.layout === 'batchMajor'))
    return context.batchMajor(
      shape,
      builder.concat(
        xs.map((x) => x.batchMajor),
        axis + 1,
      ),
    );
  return context.channelsMajor(
    shape,
    builder.concat(
      xs.map((x) => x.channelsMajorAxes),
      channelsMajorAxis(axis, shape.length),
    ),
  );
}

export function lowerPad(context: LoweringContext, operation: Pad, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const { paddings, value } = operation;
  if (x.layout === 'batchMajor') return context.batchMajor(shape, builder.pad(x.batchMajor, [[0, 0], ...paddings], value));
  const last = paddings.at(-1) ?? [0, 0];
  return context.channelsMajor(shape, builder.pad(x.channelsMajorAxes, [last, [0, 0], ...paddings.slice(0, -1)], value));
}

export function lowerCrop(context: LoweringContext, operation: Crop, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const { begin, size, strides } = operation;
  if (x.layout === 'batchMajor')
    return context.batchMajor(shape, builder.slice(x.batchMajor, [0, ...begin], [batchSize, ...size], [1, ...strides]));
  const cropped = builder.slice(
    x.channelsMajorAxes,
    [begin.at(-1) ?? 0, 0, ...begin.slice(0, -1)],
    [size.at(-1) ?? 1, batchSize, ...size.slice(0, -1)],
    [strides.at(-1) ?? 1, 1, ...strides.slice(0, -1)],
  );
  return context.channelsMajor(shape, cropped);
}

export function lowerReshape(context: LoweringContext, x: LoweredValue, shape: Shape): LoweredValue {
  // As long as the last axis keeps its length, channels-major data lies in the same order before and after.
  if (x.layout === 'channelsMajor' && shape.at(-1) === x.channels) return context.channelsMajor(shape, x.channelsMajor);
  return context.batchMajor(shape, x.batchMajor);
}

export function lowerPermute(context: LoweringContext, operation: Permute, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  if (x.layout === 'batchMajor')
    return context.batchMajor(shape, builder.transpose(x.batchMajor, [0, ...operation.order.map((axis) => axis + 1)]));
  const rank = shape.length;
  const [channels = rank - 1] = operation.order.slice(-1);
  const order = [channelsMajorAxis(channels, rank), 1, ...operation.order.slice(0, -1).map((axis) => channelsMajorAxis(axis, rank))];
  return context.channelsMajor(shape, builder.transpose(x.channelsMajorAxes, order));
}

export function lowerDepthToSpace(context: LoweringContext, { blockSize: b }: DepthToSpace, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const [h = 1, w = 1, c = 1] = x.shape;
  const blocks = builder.reshape(x.batchMajor, [batchSize, h, w, b, b, c / b ** 2]);
  return context.batchMajor(shape, builder.transpose(blocks, [0, 1, 3, 2, 4, 5]));
}

export function lowerSpaceToDepth(context: LoweringContext, { blockSize: b }: SpaceToDepth, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const [h = 1, w = 1, c = 1] = x.shape;
  const blocks = builder.reshape(x.batchMajor, [batchSize, h / b, b, w / b, b, c]);
  return context.batchMajor(shape, builder.transpose(blocks, [0, 1, 3, 2, 4, 5]));
}

/** The same for each example of the batch. */
export function lowerConstant(context: LoweringContext, { parameter }: Constant, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  return context.batchMajor(
    shape,
    builder.broadcastTo(builder.reshape(context.parameter(parameter), [1, ...shape]), [batchSize, ...shape]),
  );
}

/** Where an axis of the value lies in `[c, n, ...rest]`. */
function channelsMajorAxis(axis: number, rank: number): number {
  return axis === rank - 1 ? 0 : axis + 2;
}
