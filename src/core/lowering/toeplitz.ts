import type { Pair } from '../network/operations.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { Window } from '../program/shapes.ts';

// Depthwise convolutions as matrix products. The Toeplitz matrix T of a channel's filter maps an image to its convolved
// image, so that all examples of the channel take one product. Most of T is zero, but a dense product does ten to fifty
// times the operations a second of a sliding window, and its gradients are products too.
//
// T is linear in the filter: T = filter x selector, the selector being a constant of zeros and ones.

/** Above this many elements of T the zeros cost more than they save. */
const largestMatrix = 8_000;
/** Rows up to this wide are convolved one by one; the zeros of wider ones, and of rows that strides skip, cost more than they save. */
const widestRow = 12;

export interface DepthwiseShape {
  readonly channels: number;
  readonly multiplier: number;
  readonly batchSize: number;
  readonly image: Pair;
  readonly output: Pair;
  readonly kernel: Pair;
  readonly window: Window;
}

/**
 * Measured forward and backward, 32 examples, 1 thread: 128 channels of 8x8 take 2.3 ms by images, 3.3 by rows, 4.5 by
 * sliding windows; 276 of 25x5 24.8, 17.8 and 21.6; 32 of 24x24 by rows 10.4, by windows 6.9; 16 of 48x48 with stride 2
 * by rows 21.7, by windows 10.0.
 */
export function depthwiseForm({ image, output, window: { strides } }: DepthwiseShape): 'images' | 'rows' | 'windows' {
  if (image[0] * image[1] * output[0] * output[1] <= largestMatrix) return 'images';
  return image[1] <= widestRow && strides[0] === 1 && strides[1] === 1 ? 'rows' : 'windows';
}

/** x `[c, n * h * w]`, filters `[c * multiplier, kh * kw]` -> `[c * multiplier, n * h' * w']`. */
export function convolveImages(builder: ProgramBuilder, x: Tensor, filters: Tensor, shape: DepthwiseShape): Tensor {
  const { channels, batchSize, image, output, kernel, window } = shape;
  const [positions, results] = [image[0] * image[1], output[0] * output[1]];
  const selector = new Float32Array(kernel[0] * kernel[1] * positions * results);
  for (const vertical of hits(image[0], output[0], kernel[0], window, 0)) {
    for (const horizontal of hits(image[1], output[1], kernel[1], window, 1)) {
      const tap = vertical.tap * kernel[1] + horizontal.tap;
      const from = vertical.from * image[1] + horizontal.from;
      selector[(tap * positions + from) * results + vertical.to * output[1] + horizontal.to] = 1;
    }
  }
  return multiply(builder, builder.reshape(x, [channels, batchSize, positions]), filters, selector, results, shape);
}

/** The same one row of the output at a time, from the `kh` rows of the input that it sees. */
export function convolveRows(builder: ProgramBuilder, x: Tensor, filters: Tensor, shape: DepthwiseShape): Tensor {
  const {
    channels,
    batchSize,
    image: [h, w],
    output: [rows, columns],
    kernel: [kh, kw],
    window,
  } = shape;
  const padded = builder.pad(builder.reshape(x, [channels, batchSize, h, w]), [
    [0, 0],
    [0, 0],
    [window.pads[0], window.pads[2]],
    [0, 0],
  ]);
  const seen = Array.from({ length: kh }, (_, row) =>
    builder.slice(padded, [0, 0, row * window.dilations[0], 0], [channels, batchSize, rows, w], [1, 1, window.strides[0], 1]),
  );
  const positions = kh * w;
  const selector = new Float32Array(kh * kw * positions * columns);
  for (let row = 0; row < kh; row++) {
    for (const { tap, from, to } of hits(w, columns, kw, window, 1))
      selector[((row * kw + tap) * positions + row * w + from) * columns + to] = 1;
  }
  const stacked = builder.reshape(builder.concat(seen, 3), [channels, batchSize * rows, positions]);
  return multiply(builder, stacked, filters, selector, columns, shape);
}

/** Along one axis: which element of the input each tap of the filter meets for each element of the output. */
function hits(
  length: number,
  results: number,
  taps: number,
  window: Window,
  axis: 0 | 1,
): { readonly tap: number; readonly from: number; readonly to: number }[] {
  return Array.from({ length: results * taps }, (_, i) => {
    const [to, tap] = [Math.floor(i / taps), i % taps];
    return { tap, to, from: to * window.strides[axis] - window.pads[axis] + tap * window.dilations[axis] };
  }).filter(({ from }) => from >= 0 && from < length);
}

/** x `[c, m, positions]` by the matrices `[positions, results]` of each filter -> `[c * multiplier, m * results]`. */
function multiply(
  builder: ProgramBuilder,
  x: Tensor,
  filters: Tensor,
  selector: Float32Array,
  results: number,
  { channels, multiplier }: DepthwiseShape,
): Tensor {
  const [, m = 1, positions = 1] = x.shape;
  const matrices = builder.matmul(filters, builder.constant(selector, [filters.shape[1] ?? 1, positions * results]));
  if (multiplier === 1)
    return builder.reshape(builder.matmul(x, builder.reshape(matrices, [channels, positions, results])), [channels, m * results]);
  const products = builder.matmul(
    builder.reshape(x, [channels, 1, m, positions]),
    builder.reshape(matrices, [channels, multiplier, positions, results]),
  );
  return builder.reshape(products, [channels * multiplier, m * results]);
}
