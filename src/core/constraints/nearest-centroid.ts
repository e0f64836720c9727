/** Which centroid a weight takes: by distance, or by distance and the cost of each centroid. */

/** Each centroid keeps at least this part of the gaps beside it, so that what lies on a centroid stays there. */
export const leastShare = 0.05;

/**
 * Where two neighbouring centroids a < b are equally good, `(w - a)^2 + cost_a = (w - b)^2 + cost_b`:
 *
 *     w = (a + b) / 2 + (cost_b - cost_a) / (2 (b - a))
 *
 * but never nearer to a centroid than `leastShare` of the gap. Chou, Lookabaugh & Gray 1989, "Entropy-constrained vector
 * quantization", equation 10, in one dimension.
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
