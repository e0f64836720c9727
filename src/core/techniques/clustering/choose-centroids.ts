import type { Random } from '../../random.ts';
import { roundHalfToEven } from '../../constraints/rounding.ts';
import { type CentroidInitialization, initialCentroids } from './initial-centroids.ts';
import { kMeans } from './k-means.ts';

export interface CentroidChoice {
  readonly clusters: number;
  readonly initialization: CentroidInitialization;
  /** One centroid is zero; weights that are zero have no say in the others. */
  readonly zeroPinned: boolean;
  /** Move the centroids to the means of their members (Lloyd) before training. */
  readonly refine: boolean;
}

/** Seedings of k-means++ that are tried; the one of the least distortion is taken. */
const restarts = 4;

/**
 * The centroids `[clusters]` of one set of weights, ascending. Sides that have fewer different values than centroids
 * get fewer; the table is filled up with repetitions of its last entry.
 */
export function chooseCentroids(
  weights: Float32Array,
  importance: Float32Array | undefined,
  choice: CentroidChoice,
  random: Random,
): Float32Array {
  const { clusters, initialization, zeroPinned, refine } = choice;
  const order = Uint32Array.from(weights, (_, i) => i).sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0));
  const kept = zeroPinned ? order.filter((i) => weights[i] !== 0) : order;
  const values = Float32Array.from(kept, (i) => weights[i] ?? 0);
  const shares = importance === undefined ? undefined : Float32Array.from(kept, (i) => importance[i] ?? 1);
  if (values.length === 0) return new Float32Array(clusters);

  const attempts = initialization === 'kmeans++' && refine ? restarts : 1;
  let best: { readonly centroids: Float32Array; readonly distortion: number } | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const start = zeroPinned
      ? pinnedStart(values, shares, clusters, initialization, random)
      : initialCentroids(initialization, values, Math.min(clusters, values.length), random, shares);
    const found = refine
      ? kMeans({ values, zeroPinned, ...(shares === undefined ? {} : { importance: shares }) }, start)
      : { centroids: start, distortion: 0 };
    if (best === undefined || found.distortion < best.distortion) best = found;
  }
  const centroids = best?.centroids ?? new Float32Array(clusters);
  const last = centroids.at(-1) ?? 0;
  return Float32Array.from({ length: clusters }, (_, i) => centroids[i] ?? last);
}

/** `[negatives, 0, positives]` with centroids shared out by the numbers of weights on each side of zero. */
function pinnedStart(
  values: Float32Array,
  importance: Float32Array | undefined,
  clusters: number,
  initialization: CentroidInitialization,
  random: Random,
): Float32Array {
  const negatives = values.findIndex((value) => value > 0);
  const split = negatives === -1 ? values.length : negatives;
  const wanted = roundHalfToEven(((clusters - 1) * split) / values.length);
  const side = (from: number, to: number, count: number): number[] => {
    if (to === from || count === 0) return [];
    return [...initialCentroids(initialization, values.slice(from, to), Math.min(count, to - from), random, importance?.slice(from, to))];
  };
  return Float32Array.from([...side(0, split, wanted), 0, ...side(split, values.length, clusters - 1 - wanted)]);
}
