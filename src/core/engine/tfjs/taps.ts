import type * as TensorFlow from '@tensorflow/tfjs';
import type { Window } from '../../program/shapes.ts';

/** A position in a sliding window. Over all windows, the elements at a tap are a strided view of the padded input. */
export interface Tap {
  readonly row: number;
  readonly column: number;
}

/** How the window moves; without groups. */
export type SlidingWindow = Pick<Window, 'strides' | 'pads' | 'dilations'>;

/** All positions of a window `[rows, columns]`, row by row. */
export function taps([rows, columns]: readonly [number, number]): Tap[] {
  return Array.from({ length: rows * columns }, (_, i) => ({ row: Math.floor(i / columns), column: i % columns }));
}

/** x `[n, c, h, w]` with `pads` of `value` around each image. */
export function padImages(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  { pads: [top, left, bottom, right] }: SlidingWindow,
  value = 0,
): TensorFlow.Tensor {
  return tf.pad(
    x,
    [
      [0, 0],
      [0, 0],
      [top, bottom],
      [left, right],
    ],
    value,
  );
}

/** The elements at a tap: `[n, c, rows, columns]` of the padded `[n, c, h, w]`. */
export function takeTap(
  tf: typeof TensorFlow,
  padded: TensorFlow.Tensor,
  tap: Tap,
  { strides, dilations }: SlidingWindow,
  rows: number,
  columns: number,
): TensorFlow.Tensor {
  const [n = 0, c = 0] = padded.shape;
  const [top, left] = [tap.row * dilations[0], tap.column * dilations[1]];
  return tf.stridedSlice(
    padded,
    [0, 0, top, left],
    [n, c, top + (rows - 1) * strides[0] + 1, left + (columns - 1) * strides[1] + 1],
    [1, 1, ...strides],
  );
}

/** The transpose of padding and `takeTap`: g `[n, c, h', w']` put where the tap saw it, in zeros `[n, c, h, w]`. */
export function placeTap(
  tf: typeof TensorFlow,
  g: TensorFlow.Tensor,
  tap: Tap,
  { strides, dilations, pads: [top, left, bottom, right] }: SlidingWindow,
  height: number,
  width: number,
): TensorFlow.Tensor {
  const [n = 0, c = 0, rows = 0, columns = 0] = g.shape;
  const spread = tf.reshape(
    tf.pad(tf.reshape(g, [n * c, rows, 1, columns, 1]), [
      [0, 0],
      [0, 0],
      [0, strides[0] - 1],
      [0, 0],
      [0, strides[1] - 1],
    ]),
    [n, c, rows * strides[0], columns * strides[1]],
  );
  const exact = tf.slice(spread, [0, 0, 0, 0], [n, c, (rows - 1) * strides[0] + 1, (columns - 1) * strides[1] + 1]);
  const [above, before] = [tap.row * dilations[0], tap.column * dilations[1]];
  const below = height + top + bottom - above - (exact.shape[2] ?? 0);
  const after = width + left + right - before - (exact.shape[3] ?? 0);
  return tf.slice(
    tf.pad(exact, [
      [0, 0],
      [0, 0],
      [above, below],
      [before, after],
    ]),
    [0, 0, top, left],
    [n, c, height, width],
  );
}

/** The sum of tensors of one shape. */
export function sum(tf: typeof TensorFlow, terms: readonly TensorFlow.Tensor[]): TensorFlow.Tensor {
  return tf.addN([...terms]);
}
