import type { ParameterId, Shape } from '../network/network.ts';
import type { Conv2d, FusedActivation, Pair, TransposeConv2d } from '../network/operations.ts';
import type { Tensor } from '../program/program.ts';
import { applyFusedActivation } from './activations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { windowPads } from './padding.ts';

export function lowerConv2d(context: LoweringContext, operation: Conv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1] = kernel.shape;
  if (operation.groups === 1 && kh * kw > 1 && unfolds(x, kh * kw)) return unfolded(context, operation, x, kernel, shape);
  const form = operation.groups === 1 && kh * kw === 1 ? pointwise : windowed;
  return activated(context, shape, form(context, operation, x, kernel), operation);
}

/** With more elements to a window its columns, and the convolution that takes them, cost more than the product saves. */
const longestColumn = 64;

function unfolds({ channels }: LoweredValue, taps: number): boolean {
  return channels === 1 || (channels <= 4 && channels * taps <= longestColumn);
}

interface BiasAndActivation {
  /** `[c]` */
  readonly bias: ParameterId | undefined;
  readonly activation: FusedActivation;
}

/** Adds the bias to `[c, columns]` and applies the fused activation. */
export function activated(context: LoweringContext, shape: Shape, product: Tensor, operation: BiasAndActivation): LoweredValue {
  return applyFusedActivation(context, context.channelsMajor(shape, biased(context, product, operation)), operation.activation);
}

function biased(context: LoweringContext, product: Tensor, { bias }: BiasAndActivation): Tensor {
  const { builder } = context;
  return bias === undefined ? product : builder.add(product, builder.reshape(context.parameter(bias), [product.shape[0] ?? 1, 1]));
}

/** A 1x1 convolution is one product `[out, in] x [in, n * h * w]`. */
function pointwise({ builder }: LoweringContext, { strides }: Conv2d, x: LoweredValue, kernel: Tensor): Tensor {
  const [out = 1, , , input = 1] = kernel.shape;
  const matrix = builder.reshape(kernel, [out, input]);
  if (strides[0] === 1 && strides[1] === 1) return builder.matmul(matrix, x.channelsMajor);
  const [c = 1, n = 1, h = 1, w = 1] = x.channelsMajorAxes.shape;
  const [rows, columns] = [Math.ceil(h / strides[0]), Math.ceil(w / strides[1])];
  const taken = builder.slice(x.channelsMajorAxes, [0, 0, 0, 0], [c, n, rows, columns], [1, 1, strides[0], strides[1]]);
  return builder.matmul(matrix, builder.reshape(taken, [c, n * rows * columns]));
}

/** Tiles of more places, and windows much larger than the kernel, would cost more than pooling by maxima saves. */
const mostPlaces = 4;

/** The tiles by whose places a convolution is computed: single elements where its maxima are not all that is used. */
function tileOf(context: LoweringContext, { output, strides, dilations }: Conv2d, [kh, kw]: Pair): Pair {
  const pooled = context.tilesOf(output);
  if (pooled === undefined || pooled[0] * pooled[1] > mostPlaces || dilations[0] * dilations[1] > 1) return [1, 1];
  const [rows, columns] = windowOfTile([kh, kw], pooled, strides);
  return rows * columns <= mostPlaces * kh * kw ? pooled : [1, 1];
}

/** What the windows at all places of a tile cover. */
function windowOfTile(kernel: Pair, tile: Pair, strides: Pair): Pair {
  return [(tile[0] - 1) * strides[0] + kernel[0], (tile[1] - 1) * strides[1] + kernel[1]];
}

/**
 * Of few channels (a spectrogram, a picture): the elements of each window as a column `[kh * kw * c, n * h' * w']`, taken
 * by a convolution with filters of single ones, then one product. The result is channels-major, and so is its gradient.
 * Where only the maxima of tiles are used there is a product for each place of a tile, from filters that take all windows
 * of a tile at once.
 */
function unfolded(context: LoweringContext, operation: Conv2d, x: LoweredValue, kernel: Tensor, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const { strides, dilations } = operation;
  const [out = 1, kh = 1, kw = 1, channels = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const [rows = 1, columns = 1] = shape;
  const tile = tileOf(context, operation, [kh, kw]);
  const columnLength = kh * kw * channels;
  const places = tile[0] * tile[1];
  const images = channels === 1 ? builder.reshape(x.channelsMajor, [batchSize, 1, h, w]) : x.batchChannelsMajor;
  const filters = builder.constant(takingFilters([kh, kw], channels, tile, strides), [
    places * columnLength,
    channels,
    ...windowOfTile([kh, kw], tile, strides),
  ]);
  const windows = builder.conv2d(images, filters, {
    strides: [strides[0] * tile[0], strides[1] * tile[1]],
    pads: windowPads([h, w], [kh, kw], strides, dilations, operation.padding),
    dilations,
    groups: 1,
  });
  const positions = (rows / tile[0]) * (columns / tile[1]);
  const taken = builder.reshape(builder.transpose(builder.reshape(windows, [batchSize, places * columnLength, positions]), [1, 0, 2]), [
    places * columnLength,
    batchSize * positions,
  ]);
  const matrix = builder.reshape(kernel, [out, columnLength]);
  const products = Array.from({ length: places }, (_, place) => {
    const ofPlace = places === 1 ? taken : builder.slice(taken, [place * columnLength, 0], [columnLength, batchSize * positions]);
    return biased(context, builder.matmul(matrix, ofPlace), operation);
  });
  const [only] = products;
  const value =
    places === 1 && only !== undefined ? context.channelsMajor(shape, only) : context.tiled(shape, { size: tile, places: products });
  return applyFusedActivation(context, value, operation.activation);
}

/**
 * Filters `[places * kh * kw * channels, channels, ...windowOfTile]`, each of which takes one element of the window at one
 * place of a tile: places in the order of rows, and in each the elements in the order of kernels.
 */
function takingFilters([kh, kw]: Pair, channels: number, tile: Pair, strides: Pair): Float32Array {
  const [rows, columns] = windowOfTile([kh, kw], tile, strides);
  const filters = new Float32Array(tile[0] * tile[1] * kh * kw * channels * channels * rows * columns);
  let filter = 0;
  for (const [down, across] of gridOf(tile))
    for (const [row, column] of gridOf([kh, kw]))
      for (let channel = 0; channel < channels; channel++, filter++) {
        const [y, x] = [down * strides[0] + row, across * strides[1] + column];
        filters[((filter * channels + channel) * rows + y) * columns + x] = 1;
      }
  return filters;
}

/** All pairs of a row and a column, row by row. */
function gridOf([rows, columns]: Pair): readonly Pair[] {
  return Array.from({ length: rows * columns }, (_, index) => [Math.floor(index / columns), index % columns]);
}

function windowed(context: LoweringContext, operation: Conv2d, x: LoweredValue, kernel: Tensor): Tensor {
  const { builder } = context;
  const [, kh = 1, kw = 1] = kernel.shape;
  const [h = 1, w = 1] = x.shape;
  const pads = windowPads([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding);
  const filter = builder.transpose(kernel, [0, 3, 1, 2]);
  const { strides, dilations, groups } = operation;
  const y = builder.conv2d(x.batchChannelsMajor, filter, { strides, pads, dilations, groups });
  const [n = 1, c = 1, rows = 1, columns = 1] = y.shape;
  return builder.reshape(builder.transpose(y, [1, 0, 2, 3]), [c, n * rows * columns]);
}

/** The gradient of the convolution that would lead from the output back to the input. */
export function lowerTransposeConv2d(context: LoweringContext, operation: TransposeConv2d, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const kernel = context.parameter(operation.kernel);
  const [, kh = 1, kw = 1] = kernel.shape;
  const [h = 1, w = 1, out = 1] = shape;
  const pads = windowPads([h, w], [kh, kw], operation.strides, [1, 1], operation.padding);
  const filter = builder.transpose(kernel, [3, 0, 1, 2]);
  const y = builder.convTranspose2d(x.batchChannelsMajor, filter, [batchSize, out, h, w], {
    strides: operation.strides,
    pads,
    dilations: [1, 1],
    groups: 1,
  });
  const product = builder.reshape(builder.transpose(y, [1, 0, 2, 3]), [out, batchSize * h * w]);
  return activated(context, shape, product, operation);
}
