import type * as TensorFlow from '@tensorflow/tfjs';
import type { DepthwiseWindow } from '../../program/shapes.ts';
import { padImages, placeTap, sum, takeTap, taps } from './taps.ts';

// Taps work on the last two axes, so channels in front are as good as examples in front.

/** x `[c, n, h, w]`, filter `[c, kh, kw]` -> `shape`, `[c, n, h', w']`. */
export function depthwiseConv2d(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  filter: TensorFlow.Tensor,
  window: DepthwiseWindow,
  [, , rows = 1, columns = 1]: readonly number[],
): TensorFlow.Tensor {
  const padded = padImages(tf, x, window);
  return sum(
    tf,
    tapsOf(filter.shape).map((tap) =>
      tf.mul(takeTap(tf, padded, tap, window, rows, columns), weightOfTap(tf, filter, tap.row, tap.column)),
    ),
  );
}

/** x `[c, n, h', w']`, filter `[c, kh, kw]` -> `shape`, `[c, n, h, w]`. */
export function depthwiseConvTranspose2d(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  filter: TensorFlow.Tensor,
  window: DepthwiseWindow,
  [, , height = 1, width = 1]: readonly number[],
): TensorFlow.Tensor {
  return sum(
    tf,
    tapsOf(filter.shape).map((tap) => placeTap(tf, tf.mul(x, weightOfTap(tf, filter, tap.row, tap.column)), tap, window, height, width)),
  );
}

/** x `[c, n, h, w]`, g `[c, n, h', w']` -> `shape`, `[c, kh, kw]`. */
export function depthwiseFilterGradient(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  g: TensorFlow.Tensor,
  window: DepthwiseWindow,
  shape: number[],
): TensorFlow.Tensor {
  const [, , rows = 1, columns = 1] = g.shape;
  const padded = padImages(tf, x, window);
  const weights = tapsOf(shape).map((tap) => tf.sum(tf.mul(takeTap(tf, padded, tap, window, rows, columns), g), [1, 2, 3]));
  return tf.reshape(tf.stack(weights, 1), shape);
}

function tapsOf([, rows = 1, columns = 1]: readonly number[]): ReturnType<typeof taps> {
  return taps([rows, columns]);
}

/** `[c, 1, 1, 1]` */
function weightOfTap(tf: typeof TensorFlow, filter: TensorFlow.Tensor, row: number, column: number): TensorFlow.Tensor {
  const [c = 1] = filter.shape;
  return tf.reshape(tf.slice(filter, [0, row, column], [c, 1, 1]), [c, 1, 1, 1]);
}
