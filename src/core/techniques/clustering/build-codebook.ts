import { splitChannels } from '../../constraints/channels.ts';
import { unitLookup } from '../../constraints/codebook.ts';
import type { ChannelUnits, Codebook, Granularity } from '../../constraints/constraint.ts';
import { roundHalfToEven } from '../../constraints/rounding.ts';
import type { Random } from '../../random.ts';
import { type CentroidChoice, chooseCentroids } from './choose-centroids.ts';

export interface CodebookRequest extends CentroidChoice {
  readonly granularity: Granularity;
  readonly gradient: 'sum' | 'average';
  /** Of each weight, for k-means; see `fisherInformation`. */
  readonly importance?: Float32Array | undefined;
  /** Centroids on an integer grid of these scales. */
  readonly grid?: ChannelUnits | undefined;
}

/** The codebook of a kernel from its weights; a weight that is zero has its own centroid when zero is pinned. */
export function buildCodebook(weights: Float32Array, shape: readonly number[], request: CodebookRequest, random: Random): Codebook {
  const { granularity, grid, importance, clusters, zeroPinned, gradient } = request;
  const unitAt = unitLookup(grid, shape);
  const inUnits = grid === undefined ? weights : weights.map((weight, i) => weight / unitAt(i));
  // An error in a channel of large units weighs more.
  const shares = grid === undefined ? importance : weights.map((_, i) => (importance?.[i] ?? 1) * unitAt(i) ** 2);
  const channels = splitChannels(inUnits, shape, granularity);
  const channelShares = shares === undefined ? undefined : splitChannels(normalized(shares), shape, granularity);
  const centroids = new Float32Array(channels.length * clusters);
  const costs = new Float32Array(centroids.length);
  const canCoarsen = grid !== undefined && channels.length === 1;
  let step = 1;
  channels.forEach((values, channel) => {
    const chosen = chooseCentroids(values, channelShares?.[channel], { ...request, canCoarsen }, random);
    step = chosen.step;
    centroids.set(
      grid === undefined ? chosen.centroids : chosen.centroids.map((value) => roundHalfToEven(value / step)),
      channel * clusters,
    );
    costs.set(
      chosen.costs.map((cost) => cost / step ** 2),
      channel * clusters,
    );
  });
  const codebook: Codebook = {
    kind: 'codebook',
    granularity,
    centroids,
    clusters,
    zeroPinned,
    gradient,
    ...(costs.some((cost) => cost > 0) ? { costs } : {}),
  };
  return grid === undefined
    ? codebook
    : { ...codebook, units: { ...grid, scales: grid.scales.map((scale) => scale * step) }, integers: true };
}

/** Normalized to mean 1, so that the size of the importances does not matter. */
function normalized(shares: Float32Array): Float32Array {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return mean > 0 ? shares.map((share) => share / mean + 1e-6) : shares.map(() => 1);
}
