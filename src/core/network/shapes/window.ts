import { EspalierError } from '../../errors.ts';
import type { Padding, Pair } from '../operations.ts';

/** Where a window of one axis starts and how often it fits, as TFLite and Keras count it. */
export interface WindowExtent {
  readonly output: number;
  readonly before: number;
  readonly after: number;
}

/** SAME puts the odd element of padding behind; VALID drops what does not fill a window. */
export function windowExtent(length: number, size: number, stride: number, dilation: number, padding: Padding): WindowExtent {
  const effective = (size - 1) * dilation + 1;
  if (padding === 'valid') return { output: Math.max(0, Math.floor((length - effective) / stride) + 1), before: 0, after: 0 };
  const output = Math.ceil(length / stride);
  const total = Math.max((output - 1) * stride + effective - length, 0);
  const before = Math.floor(total / 2);
  return { output, before, after: total - before };
}

/** `[h', w']` of a sliding window over `[h, w]`. */
export function windowOutput(input: Pair, size: Pair, strides: Pair, dilations: Pair, padding: Padding, where: string): Pair {
  for (const [what, pair] of [
    ['window', size],
    ['strides', strides],
    ['dilations', dilations],
  ] as const) {
    if (!pair.every((n) => Number.isSafeInteger(n) && n > 0))
      throw new EspalierError('invalid-model', `${what} [${pair.join(', ')}] must be positive integers`, { where });
  }
  const height = windowExtent(input[0], size[0], strides[0], dilations[0], padding).output;
  const width = windowExtent(input[1], size[1], strides[1], dilations[1], padding).output;
  if (height < 1 || width < 1) {
    throw new EspalierError('invalid-model', `a ${size.join('x')} window does not fit into its ${input.join('x')} input without padding`, {
      where,
      fix: 'use a larger input, a smaller window, or "same" padding',
    });
  }
  return [height, width];
}

/** `[h', w']` of a transposed convolution. */
export function transposedOutput(input: Pair, size: Pair, strides: Pair, padding: Padding): Pair {
  const along = (axis: 0 | 1): number => input[axis] * strides[axis] + (padding === 'valid' ? Math.max(size[axis] - strides[axis], 0) : 0);
  return [along(0), along(1)];
}
