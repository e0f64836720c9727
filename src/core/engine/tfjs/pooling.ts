import type * as TensorFlow from '@tensorflow/tfjs';
import type { MaxPool2d } from '../../program/instructions.ts';
import { padImages, placeTap, sum, takeTap, taps, type SlidingWindow } from './taps.ts';

type Pooling = Pick<MaxPool2d, 'size' | 'strides' | 'pads'>;

/** x `[n, c, h, w]` -> `shape`, `[n, c, h', w']`: the maximum over the taps of a window. */
export function maxPool2d(tf: typeof TensorFlow, x: TensorFlow.Tensor, pooling: Pooling, shape: readonly number[]): TensorFlow.Tensor {
  return tf.max(windows(tf, x, pooling, shape), 0);
}

/**
 * x `[n, c, h, w]`, g `[n, c, h', w']` -> `[n, c, h, w]`: each element of g at the largest tap of its window, the first
 * on ties.
 */
export function maxPool2dGradient(tf: typeof TensorFlow, x: TensorFlow.Tensor, g: TensorFlow.Tensor, pooling: Pooling): TensorFlow.Tensor {
  const [, , height = 1, width = 1] = x.shape;
  const chosen = tf.argMax(windows(tf, x, pooling, g.shape), 0);
  return sum(
    tf,
    taps(pooling.size).map((tap, i) =>
      placeTap(tf, tf.mul(g, tf.cast(tf.equal(chosen, i), 'float32')), tap, slidingWindow(pooling), height, width),
    ),
  );
}

/** `[taps, n, c, h', w']` */
function windows(
  tf: typeof TensorFlow,
  x: TensorFlow.Tensor,
  pooling: Pooling,
  [, , rows = 1, columns = 1]: readonly number[],
): TensorFlow.Tensor {
  const window = slidingWindow(pooling);
  const padded = padImages(tf, x, window, Number.NEGATIVE_INFINITY);
  return tf.stack(
    taps(pooling.size).map((tap) => takeTap(tf, padded, tap, window, rows, columns)),
    0,
  );
}

function slidingWindow({ strides, pads }: Pooling): SlidingWindow {
  return { strides, pads, dilations: [1, 1] };
}
