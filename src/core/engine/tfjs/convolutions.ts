import type * as TensorFlow from '@tensorflow/tfjs';
import type { Window } from '../../program/shapes.ts';
import { padImages, placeTap, sum, takeTap, taps } from './taps.ts';

// A convolution is a sum over the taps of its filter, each a matrix product per group. tfjs's own convolutions refuse
// groups, and strides together with dilations. This form is also independent of onnxruntime's, which it is compared with.

/** x `[n, c, h, w]`, filter `[o, c / groups, kh, kw]` -> `shape`, `[n, o, h', w']`. */
export function conv2d(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  filter: TensorFlow.Tensor,
  window: Window,
  shape: number[],
): TensorFlow.Tensor {
  const [n = 1, c = 1] = x.shape;
  const [, , rows = 1, columns = 1] = shape;
  const [, , kh = 1, kw = 1] = filter.shape;
  const padded = padImages(tf, x, window);
  const products = taps([kh, kw]).map((tap) => {
    const seen = tf.reshape(takeTap(tf, padded, tap, window, rows, columns), [n, window.groups, c / window.groups, rows * columns]);
    return tf.matMul(weightsOfTap(tf, filter, tap.row, tap.column, window.groups), seen);
  });
  return tf.reshape(sum(tf, products), shape);
}

/** x `[n, o, h', w']`, filter `[o, c / groups, kh, kw]` -> `shape`, `[n, c, h, w]`. */
export function convTranspose2d(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  filter: TensorFlow.Tensor,
  window: Window,
  shape: number[],
): TensorFlow.Tensor {
  const [n = 1, o = 1, rows = 1, columns = 1] = x.shape;
  const [, c = 1, height = 1, width = 1] = shape;
  const [, , kh = 1, kw = 1] = filter.shape;
  const grouped = tf.reshape(x, [n, window.groups, o / window.groups, rows * columns]);
  const images = taps([kh, kw]).map((tap) => {
    const product = tf.matMul(weightsOfTap(tf, filter, tap.row, tap.column, window.groups), grouped, true);
    return placeTap(tf, tf.reshape(product, [n, c, rows, columns]), tap, window, height, width);
  });
  return sum(tf, images);
}

/** x `[n, c, h, w]`, g `[n, o, h', w']` -> `shape`, `[o, c / groups, kh, kw]`. */
export function conv2dFilterGradient(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  g: TensorFlow.Tensor,
  window: Window,
  shape: number[],
): TensorFlow.Tensor {
  const [n = 1, c = 1] = x.shape;
  const [, o = 1, rows = 1, columns = 1] = g.shape;
  const [, channels = 1, kh = 1, kw = 1] = shape;
  const padded = padImages(tf, x, window);
  const grouped = tf.reshape(g, [n, window.groups, o / window.groups, rows * columns]);
  const weights = taps([kh, kw]).map((tap) => {
    const seen = tf.reshape(takeTap(tf, padded, tap, window, rows, columns), [n, window.groups, c / window.groups, rows * columns]);
    return tf.reshape(tf.sum(tf.matMul(grouped, seen, false, true), 0), [o, channels]);
  });
  return tf.reshape(tf.stack(weights, 2), shape);
}

/** `[1, groups, o / groups, c / groups]` */
function weightsOfTap(tf: typeof TensorFlow, filter: TensorFlow.Tensor, row: number, column: number, groups: number): TensorFlow.Tensor {
  const [o = 1, channels = 1] = filter.shape;
  return tf.reshape(tf.slice(filter, [0, 0, row, column], [o, channels, 1, 1]), [1, groups, o / groups, channels]);
}
