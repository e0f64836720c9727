/** Lloyd's iterations in one dimension: clusters of sorted values are intervals, so prefix sums give each mean at once. */
import type { ValueBits } from './value-bits.ts';
import { boundaryBetween, nearestCentroid } from '../../constraints/nearest-centroid.ts';

export interface KMeansProblem {
  /** Ascending. */
  readonly values: Float32Array;
  /** Weight of each value; 1 each by default. */
  readonly importance?: Float32Array | undefined;
  /** A centroid at exactly zero stays there. */
  readonly zeroPinned: boolean;
  /** Of the values, for several runs over the same ones; computed where they are missing. */
  readonly sums?: PrefixSums | undefined;
  /** With it, the length of the code counts as well as the distance. */
  readonly rate?: RateTerm;
}

/** Sums over the values below each index, so one longer than the values. */
export interface PrefixSums {
  /** Of importance. */
  readonly weight: Float64Array;
  /** Of importance times value. */
  readonly first: Float64Array;
}

/** What a bit of the stored kernel is worth. */
export interface RateTerm {
  /** Bits of each centroid's members in the form that the kernel is stored in. */
  readonly valueBits: ValueBits;
  /** Squared distance that one bit is worth. */
  readonly costPerBit: number;
  /** Weights held at zero besides the values: they count for the share of a zero centroid. */
  readonly zeros: number;
}

export interface Clustering {
  /** Ascending. */
  readonly centroids: Float32Array;
  /** Of taking each centroid, in squared distance; zeros without a rate term. */
  readonly costs: Float32Array;
}

const maximumIterations = 300;

/**
 * Lloyd's algorithm on ascending values: assigns each value to a centroid, moves each centroid to the weighted mean of
 * its members, and repeats until nothing moves (Lloyd 1982). It minimizes
 *
 *     sum over values of s_i (w_i - c_a(i))^2 + costPerBit * bits(a(i))
 *
 * where s_i is the importance of value i, a(i) its centroid and bits(k) what a member of centroid k takes when it is stored.
 * Without a rate term the bits do not count; with it this is entropy-constrained quantization (Chou, Lookabaugh & Gray
 * 1989, section III).
 *
 * @param start ascending; a centroid that loses all members stays where it is
 */
export function kMeans(problem: KMeansProblem, start: Float32Array): Clustering {
  const { values, zeroPinned } = problem;
  const { sums = prefixSums(problem) } = problem;
  let centroids = start.slice().sort();
  let costs: Float32Array = new Float32Array(centroids.length);
  for (let iteration = 0; iteration < maximumIterations; iteration++) {
    const ends = intervalEnds(values, centroids, costs);
    const newCosts = problem.rate === undefined ? costs : clusterCosts(problem.rate, ends, centroids);
    const moved = centroids
      .map((centroid, i) => {
        if (zeroPinned && centroid === 0) return 0;
        const [from, to] = [ends[i - 1] ?? 0, ends[i] ?? values.length];
        const weight = (sums.weight[to] ?? 0) - (sums.weight[from] ?? 0);
        return weight > 0 ? ((sums.first[to] ?? 0) - (sums.first[from] ?? 0)) / weight : centroid;
      })
      .sort();
    const still = moved.every((value, i) => value === centroids[i]) && newCosts.every((cost, i) => cost === costs[i]);
    centroids = moved;
    costs = newCosts;
    if (still) break;
  }
  return { centroids, costs };
}

function clusterCosts({ costPerBit, zeros, valueBits }: RateTerm, ends: Uint32Array, centroids: Float32Array): Float32Array {
  const members = Array.from(ends, (end, i) => end - (ends[i - 1] ?? 0) + (centroids[i] === 0 ? zeros : 0));
  return Float32Array.from(valueBits(members, centroids.indexOf(0)), (bits) => costPerBit * bits);
}

/** First index beyond each centroid's members. */
export function intervalEnds(values: Float32Array, centroids: Float32Array, costs: Float32Array): Uint32Array {
  return Uint32Array.from(centroids, (centroid, i) => {
    if (i === centroids.length - 1) return values.length;
    const boundary = boundaryBetween(centroid, centroids[i + 1] ?? 0, (costs[i + 1] ?? 0) - (costs[i] ?? 0));
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[middle] ?? 0) <= boundary) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

export function prefixSums({ values, importance }: Pick<KMeansProblem, 'values' | 'importance'>): PrefixSums {
  const weight = new Float64Array(values.length + 1);
  const first = new Float64Array(values.length + 1);
  values.forEach((value, i) => {
    const share = importance?.[i] ?? 1;
    weight[i + 1] = (weight[i] ?? 0) + share;
    first[i + 1] = (first[i] ?? 0) + share * value;
  });
  return { weight, first };
}

/** Weighted sum of squared distances, and of costs where there are any. */
export function distortionOf({ values, importance }: KMeansProblem, { centroids, costs }: Clustering): number {
  let sum = 0;
  values.forEach((value, i) => {
    const index = nearestCentroid(centroids, 0, centroids.length, value, costs);
    sum += (importance?.[i] ?? 1) * (value - (centroids[index] ?? 0)) ** 2 + (costs[index] ?? 0);
  });
  return sum;
}
