/**
 * Weights that take one of a few values: each is its nearest centroid, and centroids learn from their members.
 * Han et al. 2016, arXiv:1510.00149, section 3.
 */
import { channelLayout } from './channels.ts';
import type { ChannelUnits, Codebook } from './constraint.ts';
import { roundHalfToEven } from './rounding.ts';

/** Each centroid keeps at least this part of the gaps beside it, so that what lies on a centroid stays there. */
export const leastShare = 0.05;

/**
 * Where two neighbouring centroids are equally good: the midpoint, moved by the difference of their costs. Chou,
 * Lookabaugh & Gray 1989, "Entropy-constrained vector quantization", equation 10, in one dimension.
 */
export function boundaryBetween(low: number, high: number, costDifference: number): number {
  const gap = high - low;
  const midpoint = (low + high) / 2;
  if (gap <= 0 || costDifference === 0) return midpoint;
  return Math.min(high - leastShare * gap, Math.max(low + leastShare * gap, midpoint + costDifference / (2 * gap)));
}

/** Index of the centroid that a weight takes among ascending `centroids[begin .. begin + clusters)`; on ties the lowest. */
export function nearestCentroid(centroids: Float32Array, begin: number, clusters: number, weight: number, costs?: Float32Array): number {
  let low = begin;
  let high = begin + clusters - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const difference = costs === undefined ? 0 : (costs[middle + 1] ?? 0) - (costs[middle] ?? 0);
    // In double precision, as the graph's single precision differs only on exact ties.
    if (weight > boundaryBetween(centroids[middle] ?? 0, centroids[middle + 1] ?? 0, difference)) low = middle + 1;
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
  const { centroids, clusters, costs } = codebook;
  return Uint32Array.from(weights, (weight, i) => {
    const unit = unitAt(i);
    return nearestCentroid(centroids, channelOf(i) * clusters, clusters, unit === 0 ? 0 : weight / unit, costs);
  });
}

export function projectCodebook(weights: Float32Array, shape: readonly number[], codebook: Codebook): Float32Array {
  const unitAt = unitLookup(codebook.units, shape);
  const members = assignCentroids(weights, shape, codebook);
  return weights.map((_, i) => (codebook.centroids[members[i] ?? 0] ?? 0) * unitAt(i));
}

/** The codebook with trained centroids: zero pinned where it was, integers rounded, ascending again. */
export function refreshCodebook(codebook: Codebook, trained: Float32Array): Codebook {
  return sortCodebook({
    ...codebook,
    centroids: trained.map((value, i) => {
      if (codebook.zeroPinned && codebook.centroids[i] === 0) return 0;
      return codebook.integers === true ? Math.max(-127, Math.min(127, roundHalfToEven(value))) : value;
    }),
  });
}

/** Each channel's centroids in ascending order, their costs with them. */
export function sortCodebook(codebook: Codebook): Codebook {
  const { clusters, centroids, costs } = codebook;
  const order = Uint32Array.from(centroids, (_, i) => i);
  for (let begin = 0; begin < order.length; begin += clusters) {
    order.subarray(begin, begin + clusters).sort((a, b) => (centroids[a] ?? 0) - (centroids[b] ?? 0) || a - b);
  }
  const sorted = (values: Float32Array): Float32Array => Float32Array.from(order, (i) => values[i] ?? 0);
  return { ...codebook, centroids: sorted(centroids), ...(costs === undefined ? {} : { costs: sorted(costs) }) };
}
