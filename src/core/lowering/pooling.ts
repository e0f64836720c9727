import type { Shape } from '../network/network.ts';
import type { GlobalPool, Pair, Pool2d, Reduce } from '../network/operations.ts';
import type { Tensor } from '../program/program.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';
import { areTiles } from './pooled-tiles.ts';

// Pooling treats channels and examples alike, so it works on `[c, n, h, w]` as it lies.

export function lowerPool2d(context: LoweringContext, operation: Pool2d, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const [h = 1, w = 1] = x.shape;
  const { size, strides } = operation;
  const pads = windowPads([h, w], size, strides, [1, 1], operation.padding);
  const tiles = areTiles(operation, [h, w]);
  if (operation.function === 'max') {
    const pooled = x.maximum(
      (value) => (tiles ? value.tileMaxima(size) : undefined) ?? builder.maxPool2d(value.channelsMajorAxes, size, strides, pads),
    );
    return context.channelsMajor(shape, pooled);
  }
  return context.channelsMajor(shape, tiles ? averageOfTiles(context, x, size) : averageOfWindows(context, x, operation, pads));
}

/** Windows that tile the image without overlap are a mean over axes. */
function averageOfTiles(context: LoweringContext, x: LoweredValue, size: Pair): Tensor {
  const { builder, batchSize } = context;
  const [h = 1, w = 1, c = 1] = x.shape;
  return builder.mean(builder.reshape(x.channelsMajor, [c * batchSize, h / size[0], size[0], w / size[1], size[1]]), [2, 4]);
}

/** The sum of each window over the number of its elements that lie inside the image. */
function averageOfWindows(
  context: LoweringContext,
  x: LoweredValue,
  { size, strides }: Pool2d,
  pads: readonly [number, number, number, number],
): Tensor {
  const { builder, batchSize } = context;
  const [h = 1, w = 1, c = 1] = x.shape;
  const ones = builder.constant(new Float32Array(size[0] * size[1]).fill(1), [1, 1, size[0], size[1]]);
  const sums = builder.conv2d(builder.reshape(x.channelsMajor, [c * batchSize, 1, h, w]), ones, {
    strides,
    pads,
    dilations: [1, 1],
    groups: 1,
  });
  const [, , rows = 1, columns = 1] = sums.shape;
  const inRow = windowCounts(h, size[0], strides[0], pads[0], rows);
  const inColumn = windowCounts(w, size[1], strides[1], pads[1], columns);
  const shares = Float32Array.from(
    { length: rows * columns },
    (_, i) => 1 / ((inRow[Math.floor(i / columns)] ?? 1) * (inColumn[i % columns] ?? 1)),
  );
  return builder.mul(sums, builder.constant(shares, [rows, columns]));
}

/** How many elements of each window along one axis are not padding. */
function windowCounts(length: number, size: number, stride: number, before: number, windows: number): number[] {
  return Array.from({ length: windows }, (_, i) => Math.min(i * stride - before + size, length) - Math.max(i * stride - before, 0));
}

export function lowerGlobalPool(context: LoweringContext, operation: GlobalPool, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const positions = builder.reshape(x.channelsMajor, [x.channels, batchSize, x.positions]);
  const pooled = operation.function === 'max' ? builder.maximum(positions, [2]) : builder.mean(positions, [2]);
  return context.channelsMajor(shape, pooled);
}

/** Channels-major values stay so as long as the channels remain. */
export function lowerReduce(context: LoweringContext, operation: Reduce, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder } = context;
  const { function: name, axes } = operation;
  const last = x.shape.length - 1;
  if (x.layout === 'channelsMajor' && !axes.includes(last)) {
    const reduced = builder.reduce(
      name,
      x.channelsMajorAxes,
      axes.map((axis) => axis + 2),
    );
    return context.channelsMajor(shape, reduced);
  }
  return context.batchMajor(
    shape,
    builder.reduce(
      name,
      x.batchMajor,
      axes.map((axis) => axis + 1),
    ),
  );
}
