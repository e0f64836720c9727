import { weightLimit } from '../constraints/integer-grid.ts';
import type { Shape } from '../network/network.ts';
import type { WeightQuantization } from './quantization.ts';
import { shortScales } from './short-scales.ts';

/** The scale of a channel of zeros: any positive number works, but zero and denormals break runtimes. */
const smallestMagnitude = 1e-8;

/** Symmetric narrow-range scales: the largest magnitude of the tensor, or of each channel, over 127. */
export function weightScales(weights: Float32Array, shape: Shape, axis: number | undefined): WeightQuantization {
  const channels = axis === undefined ? 1 : (shape[axis] ?? 1);
  const channelOf = channelIndex(shape, axis);
  const largest = new Float64Array(channels);
  weights.forEach((weight, i) => {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(weight));
  });
  const overall = Math.max(smallestMagnitude, ...largest);
  const scales = Float32Array.from(largest, (magnitude) => (magnitude < smallestMagnitude ? overall : magnitude) / 127);
  return { scales: shortScales(scales, 'up'), axis };
}

/** Integers in [-127, 127], or [-7, 7] of 4 bits, rounded to nearest with ties away from zero. */
export function quantizeWeights(weights: Float32Array, shape: Shape, { scales, axis, bits }: WeightQuantization): Int8Array {
  const limit = weightLimit(bits);
  const channelOf = channelIndex(shape, axis);
  return Int8Array.from(weights, (weight, i) => {
    const ratio = weight / (scales[channelOf(i)] ?? 1);
    const rounded = Math.sign(ratio) * Math.round(Math.abs(ratio));
    return Math.min(limit, Math.max(-limit, rounded));
  });
}

/** The channel of an element by its row-major index; 0 for all when quantized per tensor. */
export function channelIndex(shape: Shape, axis: number | undefined): (index: number) => number {
  if (axis === undefined) return () => 0;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const channels = shape[axis] ?? 1;
  return (index) => Math.floor(index / inner) % channels;
}
