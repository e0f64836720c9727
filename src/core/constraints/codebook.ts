/**
 * Weights that take one of a few values: each is its nearest centroid, and centroids learn from their members.
 * Han et al. 2016, arXiv:1510.00149, section 3.
 */
import { channelLayout } from './channels.ts';
import type { ChannelUnits, Codebook } from './constraint.ts';
import { roundHalfToEven } from './rounding.ts';

/** Index of the nearest value in ascending `centroids[begin .. begin + clusters)`; on ties the lowest. */
export function nearestCentroid(centroids: Float32Array, begin: number, clusters: number, weight: number): number {
  let low = begin;
  let high = begin + clusters - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    // In double precision, as the graph's single precision differs only on exact ties.
    if (weight > ((centroids[middle] ?? 0) + (centroids[middle + 1] ?? 0)) / 2) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Unit of each channel of the kernel: 1 where the codebook has none. */
export function unitLookup(units: ChannelUnits | undefined, shape: readonly number[]): (index: number) => number {
  if (units === undefined) return () => 1;
  const { channelOf } = channelLayout(shape, units.granularity);
  return (index) => units.scales[channelOf(index)] ?? 1;
}

/** Which centroid each weight takes, as an index into `centroids`. */
export function assignCentroids(weights: Float32Array, shape: readonly number[], codebook: Codebook): Uint32Array {
  const { channelOf } = channelLayout(shape, codebook.granularity);
  const unitAt = unitLookup(codebook.units, shape);
  const { centroids, clusters } = codebook;
  return Uint32Array.from(weights, (weight, i) => {
    const unit = unitAt(i);
    return nearestCentroid(centroids, channelOf(i) * clusters, clusters, unit === 0 ? 0 : weight / unit);
  });
}

export function projectCodebook(weights: Float32Array, shape: readonly number[], codebook: Codebook): Float32Array {
  const unitAt = unitLookup(codebook.units, shape);
  const members = assignCentroids(weights, shape, codebook);
  return weights.map((_, i) => (codebook.centroids[members[i] ?? 0] ?? 0) * unitAt(i));
}

/** The codebook with trained centroids: zero pinned where it was, integers rounded, ascending again. */
export function refreshCodebook(codebook: Codebook, trained: Float32Array): Codebook {
  const { clusters, centroids: before } = codebook;
  const centroids = new Float32Array(before.length);
  for (let begin = 0; begin < before.length; begin += clusters) {
    const values = trained.slice(begin, begin + clusters).map((value, i) => {
      if (codebook.zeroPinned && before[begin + i] === 0) return 0;
      return codebook.integers === true ? Math.max(-127, Math.min(127, roundHalfToEven(value))) : value;
    });
    centroids.set(values.sort(), begin);
  }
  return { ...codebook, centroids };
}
