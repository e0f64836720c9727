import { channelLayout } from '../../constraints/channels.ts';
import { unitLookup } from '../../constraints/codebook.ts';
import type { Codebook } from '../../constraints/constraint.ts';
import type { Rounding } from '../reconstruction/error-feedback.ts';

/**
 * Rounds a weight w to the centroid k that minimizes `precision * (w - c_k)^2 + cost_k`. A weight that counts much in
 * the outputs takes the nearest centroid, one that counts little a centroid with a short code. With a precision of 1 on
 * average, a bit costs the same squared error of the outputs everywhere.
 *
 * @param shape of the kernel
 */
export function toCentroids({ centroids, clusters, costs, granularity, units }: Codebook, shape: readonly number[]): Rounding {
  const { channelOf } = channelLayout(shape, granularity);
  const unitAt = unitLookup(units, shape);
  return (weight, index, precision) => {
    const unit = unitAt(index);
    const inUnits = unit === 0 ? 0 : weight / unit;
    const begin = channelOf(index) * clusters;
    let best = begin;
    let least = Infinity;
    for (let i = begin; i < begin + clusters; i++) {
      const cost = precision * (inUnits - (centroids[i] ?? 0)) ** 2 + (costs?.[i] ?? 0);
      if (cost >= least) continue;
      least = cost;
      best = i;
    }
    return (centroids[best] ?? 0) * unit;
  };
}
