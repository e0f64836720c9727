/** Unstructured masks by magnitude: the smallest weights are removed. */
import { roundHalfToEven } from '../../constraints/rounding.ts';

/** How many of `count` weights are kept: at least one. */
export function keptCount(count: number, sparsity: number): number {
  return Math.max(roundHalfToEven(count * (1 - sparsity)), 1);
}

/**
 * Keeps exactly `keptCount` of the weights, those of the largest magnitude. Among equals the earlier ones are kept, so
 * that the number of zeros is exact even with ties.
 */
export function magnitudeMask(weights: Float32Array, sparsity: number): Uint8Array {
  const kept = keptCount(weights.length, sparsity);
  const magnitudes = weights.map(Math.abs);
  const threshold = kthLargest(magnitudes, kept);
  const mask = new Uint8Array(weights.length);
  let left = kept;
  magnitudes.forEach((magnitude, i) => {
    if (magnitude > threshold) {
      mask[i] = 1;
      left--;
    }
  });
  for (let i = 0; i < magnitudes.length && left > 0; i++) {
    if (magnitudes[i] !== threshold) continue;
    mask[i] = 1;
    left--;
  }
  return mask;
}

/**
 * One threshold over several kernels: the smallest weights of the model are removed, wherever they are; each kernel
 * keeps at least one.
 */
export function globalMagnitudeMasks<K>(kernels: ReadonlyMap<K, Float32Array>, sparsity: number): ReadonlyMap<K, Uint8Array> {
  const all = new Float32Array([...kernels.values()].reduce((total, weights) => total + weights.length, 0));
  let offset = 0;
  for (const weights of kernels.values()) {
    all.set(weights, offset);
    offset += weights.length;
  }
  const mask = magnitudeMask(all, sparsity);
  offset = 0;
  return new Map(
    [...kernels].map(([key, weights]) => {
      const part = mask.slice(offset, offset + weights.length);
      offset += weights.length;
      if (part.every((keep) => keep === 0)) part[indexOfLargest(weights)] = 1;
      return [key, part];
    }),
  );
}

/**
 * Layer-adaptive magnitude scores (LAMP) of the weights of one kernel, each in [0, 1]:
 *
 *     score(i) = w_i^2 / sum of w_j^2 over all j with |w_j| >= |w_i|
 *
 * The largest weight of every kernel scores 1, so that one threshold on the scores of all kernels spares layers that
 * have few large weights, and leaves at least one weight in each. Lee et al. 2021, arXiv:2010.07611, section 3.
 */
export function layerAdaptiveScores(weights: Float32Array): Float32Array {
  const descending = Uint32Array.from(weights, (_, i) => i).sort((a, b) => Math.abs(weights[b] ?? 0) - Math.abs(weights[a] ?? 0) || a - b);
  const scores = new Float32Array(weights.length);
  let sum = 0;
  for (const i of descending) {
    const square = (weights[i] ?? 0) ** 2;
    sum += square;
    scores[i] = sum === 0 ? 0 : square / sum;
  }
  return scores;
}

/** Of the root mean square of all deviations: weights whose inputs never change are ranked by their magnitude, after all others. */
const smallestDeviation = 1e-4;

/**
 * The weights times the standard deviation of their inputs: what each one adds to the variance of its filter's output, as
 * a root, if inputs are independent. A constant input adds none, since the bias can do its work. Sun et al. 2023,
 * arXiv:2306.11695, equation 1, rank by the norm of the input instead, which counts its mean too.
 *
 * @param weights `[filters, d]`
 * @param deviations `[d]`; undefined or all zero: the weights themselves
 */
export function contributions(weights: Float32Array, deviations: Float32Array | undefined): Float32Array {
  if (deviations === undefined || deviations.length === 0) return weights;
  const meanSquare = deviations.reduce((sum, deviation) => sum + deviation ** 2, 0) / deviations.length;
  if (!(meanSquare > 0 && Number.isFinite(meanSquare))) return weights;
  const least = smallestDeviation * Math.sqrt(meanSquare);
  return weights.map((weight, i) => weight * Math.max(least, deviations[i % deviations.length] ?? 0));
}

export function kthLargest(values: Float32Array, k: number): number {
  return values.slice().sort()[values.length - k] ?? 0;
}

function indexOfLargest(weights: Float32Array): number {
  return weights.reduce((best, weight, i) => (Math.abs(weight) > Math.abs(weights[best] ?? 0) ? i : best), 0);
}
