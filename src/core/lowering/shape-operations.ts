import type { Shape } from '../network/network.ts';
import type { Concat, Crop, Pad, Permute } from '../network/operations.ts';
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
  if (x.layout === 'batchMajor') return context.batchMajor(shape, builder.pad(x.batchMajor, [[0, 0], ...operation.paddings]));
  const last = operation.paddings.at(-1) ?? [0, 0];
  return context.channelsMajor(shape, builder.pad(x.channelsMajorAxes, [last, [0, 0], ...operation.paddings.slice(0, -1)]));
}

export function lowerCrop(context: LoweringContext, operation: Crop, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const { begin, size } = operation;
  if (x.layout === 'batchMajor') return context.batchMajor(shape, builder.slice(x.batchMajor, [0, ...begin], [batchSize, ...size]));
  const cropped = builder.slice(
    x.channelsMajorAxes,
    [begin.at(-1) ?? 0, 0, ...begin.slice(0, -1)],
    [size.at(-1) ?? 1, batchSize, ...size.slice(0, -1)],
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

/** Where an axis of the value lies in `[c, n, ...rest]`. */
function channelsMajorAxis(axis: number, rank: number): number {
  return axis === rank - 1 ? 0 : axis + 2;
}
