import type { Pair, Padding } from '../network/operations.ts';

/** `[top, left, bottom, right]`; for SAME the odd zero goes to the bottom and right, as in TFLite. */
export function windowPads(
  size: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
  padding: Padding,
): readonly [number, number, number, number] {
  if (padding === 'valid') return [0, 0, 0, 0];
  const [top, bottom] = samePads(size[0], kernel[0], strides[0], dilations[0]);
  const [left, right] = samePads(size[1], kernel[1], strides[1], dilations[1]);
  return [top, left, bottom, right];
}

function samePads(size: number, kernel: number, stride: number, dilation: number): readonly [number, number] {
  const outputs = Math.ceil(size / stride);
  const total = Math.max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}
