import { channelLayout } from '../../constraints/channels.ts';
import { unitLookup } from '../../constraints/codebook.ts';
import type { Codebook } from '../../constraints/constraint.ts';
import type { Rounding } from '../reconstruction/error-feedback.ts';

/**
 * Rounds a weight to the centroid of the least error and cost. Precise weights go to the nearest one, others to one that
 * is cheap to code: a bit is worth the same squared error of the outputs wherever it is spent.
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
