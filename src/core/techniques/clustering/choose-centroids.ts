import type { Random } from '../../random.ts';
import { roundHalfToEven } from '../../constraints/rounding.ts';
import { nearestCentroid } from '../../constraints/nearest-centroid.ts';
import { type CentroidInitialization, initialCentroids } from './initial-centroids.ts';
import { defaultSizeOf } from '../../../shared/recipe/defaults.ts';
import type { StoredForm } from '../../../shared/recipe/clustering-options.ts';
import { evenLevels } from './even-levels.ts';
import { evenForms, ownSideBits, valueBits } from './value-bits.ts';
import { type Clustering, distortionOf, kMeans, type KMeansProblem, prefixSums, type RateTerm } from './k-means.ts';

export interface CentroidChoice {
  readonly clusters: number;
  readonly initialization: CentroidInitialization;
  /** One centroid is zero; weights that are zero do not affect the others. */
  readonly zeroPinned: boolean;
  /** Move the centroids to the means of their members (Lloyd) before training. */
  readonly refine: boolean;
  /** The form that the kernel is stored in, which says how many bits a value takes; default: gzip. */
  readonly sizeOf?: StoredForm | undefined;
  /**
   * Weight of the stored length against the squared error when centroids are refined: 0 ignores it, 1 values a
   * bit at the error that it saves elsewhere; default: 0.
   */
  readonly rateWeight?: number;
  /** The grid of the weights may be made coarser by a factor. */
  readonly canCoarsen?: boolean | undefined;
}

export interface ChosenCentroids {
  /** `[clusters]`, ascending. */
  readonly centroids: Float32Array;
  /** `[clusters]`; all 0 without a rate term. */
  readonly costs: Float32Array;
  /** Where centroids are multiples of it, the grid had better be so many times as coarse; else 1. */
  readonly step: number;
}

/** By how much one more bit lowers the squared error D of a fine quantizer, as a share of D: D = c 2^(-2R) gives -dD/dR = 2 ln 2 D (Gray & Neuhoff 1998). */
const errorPerBit = 2 * Math.LN2;
/** How often k-means++ is started; the result with the least distortion is taken. */
const restarts = 4;

/**
 * The centroids of one set of weights. Sides that have fewer different values than centroids get fewer; the table is
 * filled up with repetitions of its last entry.
 */
export function chooseCentroids(
  weights: Float32Array,
  importance: Float32Array | undefined,
  choice: CentroidChoice,
  random: Random,
): ChosenCentroids {
  const { clusters, initialization, zeroPinned, refine, rateWeight = 0, sizeOf = defaultSizeOf, canCoarsen = false } = choice;
  const order = Uint32Array.from(weights, (_, i) => i).sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0));
  const kept = zeroPinned ? order.filter((i) => weights[i] !== 0) : order;
  const values = Float32Array.from(kept, (i) => weights[i] ?? 0);
  const shares = importance === undefined ? undefined : Float32Array.from(kept, (i) => importance[i] ?? 1);
  if (values.length === 0) return { centroids: new Float32Array(clusters), costs: new Float32Array(clusters), step: 1 };

  const problem: KMeansProblem = {
    values,
    zeroPinned,
    importance: shares,
    sums: refine ? prefixSums({ values, importance: shares }) : undefined,
  };
  const least = zeroPinned ? 3 : 2;
  const start = (count = clusters): Float32Array =>
    zeroPinned
      ? pinnedStart(values, shares, count, initialization, random)
      : initialCentroids(initialization, values, Math.min(count, values.length), random, shares);
  let chosen = unrefined(start());
  let step = 1;
  if (refine) {
    chosen = kMeans(problem, chosen.centroids);
    if (initialization === 'kmeans++')
      chosen = leastDistorted(problem, [chosen, ...Array.from({ length: restarts - 1 }, () => kMeans(problem, start()))]);
    if (rateWeight > 0) {
      const costPerBit = rateWeight * errorPerBit * meanSquaredError(values, chosen.centroids);
      const zeros = weights.length - values.length;
      const forGzip = kMeans({ ...problem, rate: { costPerBit, zeros, valueBits: valueBits.gzip } }, chosen.centroids);
      if (sizeOf === 'gzip') chosen = forGzip;
      else {
        const rate = { costPerBit, zeros, valueBits: valueBits[sizeOf] };
        // Fewer values than allowed can be the better ones: each has a place in a table, and one more may lengthen all indices.
        const fewer = fewerValues.map((less) => kMeans(problem, start(Math.max(clusters - less, least))).centroids);
        const own = leastObjective(problem, forGzip, [chosen.centroids, ...fewer], rate);
        const even = canCoarsen ? evenLevels(problem, clusters, { form: evenForms[sizeOf], costPerBit, zeros }) : undefined;
        const isEven = even !== undefined && even.objective < own.objective + costPerBit * ownSideBits[sizeOf](clusters);
        chosen = isEven ? even : own.clustering;
        step = isEven ? even.step : 1;
      }
    }
  }
  const filledUp = (table: Float32Array): Float32Array => Float32Array.from({ length: clusters }, (_, i) => table[i] ?? table.at(-1) ?? 0);
  return { centroids: filledUp(chosen.centroids), costs: filledUp(chosen.costs), step };
}

/** The first of those with the least distortion. */
function leastDistorted(problem: KMeansProblem, clusterings: readonly [Clustering, ...Clustering[]]): Clustering {
  const [first, ...others] = clusterings;
  let best = { clustering: first, distortion: distortionOf(problem, first) };
  for (const clustering of others) {
    const distortion = distortionOf(problem, clustering);
    if (distortion < best.distortion) best = { clustering, distortion };
  }
  return best.clustering;
}

/** So many values fewer than allowed are tried. */
const fewerValues = [1, 2, 4, 6, 8];

/**
 * The clustering with the least sum of error and bits in a form, each bit at the error that it is worth. What stands
 * beside the weights counts, so that small kernels get fewer values.
 *
 * @param starts centroids to begin from, besides those for gzip
 */
function leastObjective(
  problem: KMeansProblem,
  forGzip: Clustering,
  starts: readonly Float32Array[],
  rate: RateTerm,
): { readonly clustering: Clustering; readonly objective: number } {
  const withObjective = (clustering: Clustering) => {
    const { error, bits } = storedOutcome(problem, clustering, rate);
    return { clustering, objective: error + rate.costPerBit * bits };
  };
  return [forGzip.centroids, ...starts]
    .map((start) => withObjective(kMeans({ ...problem, rate }, start)))
    .reduce((best, other) => (other.objective < best.objective ? other : best), withObjective(forGzip));
}

/** The weighted squared error of a clustering, and the bits of all weights in the form of the rate term. */
function storedOutcome(
  { values, importance }: KMeansProblem,
  { centroids, costs }: Clustering,
  { zeros, valueBits: bitsOf }: RateTerm,
): { readonly error: number; readonly bits: number } {
  const zero = centroids.indexOf(0);
  const members = Array.from(centroids, (_, i) => (i === zero ? zeros : 0));
  let error = 0;
  values.forEach((value, i) => {
    const index = nearestCentroid(centroids, 0, centroids.length, value, costs);
    members[index] = (members[index] ?? 0) + 1;
    error += (importance?.[i] ?? 1) * (value - (centroids[index] ?? 0)) ** 2;
  });
  const bits = bitsOf(members, zero);
  return { error, bits: members.reduce((sum, count, i) => sum + count * (bits[i] ?? 0), 0) };
}

function unrefined(centroids: Float32Array): Clustering {
  return { centroids, costs: new Float32Array(centroids.length) };
}

function meanSquaredError(values: Float32Array, centroids: Float32Array): number {
  const sum = values.reduce(
    (total, value) => total + (value - (centroids[nearestCentroid(centroids, 0, centroids.length, value)] ?? 0)) ** 2,
    0,
  );
  return sum / values.length;
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
