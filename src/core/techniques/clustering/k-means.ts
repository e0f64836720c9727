/** Lloyd's iterations in one dimension: clusters of sorted values are intervals, so prefix sums give each mean at once. */
import { nearestCentroid } from '../../constraints/codebook.ts';

export interface KMeansProblem {
  /** Ascending. */
  readonly values: Float32Array;
  /** Weight of each value; 1 each by default. */
  readonly importance?: Float32Array;
  /** A centroid at exactly zero stays there. */
  readonly zeroPinned: boolean;
}

export interface Clustering {
  /** Ascending. */
  readonly centroids: Float32Array;
  /** Weighted sum of squared distances. */
  readonly distortion: number;
}

const maximumIterations = 300;

/** @param start ascending; a centroid that loses all members stays where it is */
export function kMeans(problem: KMeansProblem, start: Float32Array): Clustering {
  const { values, zeroPinned } = problem;
  const sums = prefixSums(problem);
  let centroids = start.slice().sort();
  for (let iteration = 0; iteration < maximumIterations; iteration++) {
    const boundaries = intervalEnds(values, centroids);
    const moved = centroids
      .map((centroid, i) => {
        if (zeroPinned && centroid === 0) return 0;
        const [from, to] = [i === 0 ? 0 : (boundaries[i - 1] ?? 0), boundaries[i] ?? values.length];
        const weight = (sums.weight[to] ?? 0) - (sums.weight[from] ?? 0);
        return weight > 0 ? ((sums.first[to] ?? 0) - (sums.first[from] ?? 0)) / weight : centroid;
      })
      .sort();
    const still = moved.every((value, i) => value === centroids[i]);
    centroids = moved;
    if (still) break;
  }
  return { centroids, distortion: distortionOf(problem, centroids) };
}

/** First index beyond each centroid's members. */
function intervalEnds(values: Float32Array, centroids: Float32Array): Uint32Array {
  return Uint32Array.from(centroids, (centroid, i) => {
    if (i === centroids.length - 1) return values.length;
    const midpoint = (centroid + (centroids[i + 1] ?? 0)) / 2;
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[middle] ?? 0) <= midpoint) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

function prefixSums({ values, importance }: KMeansProblem): { readonly weight: Float64Array; readonly first: Float64Array } {
  const weight = new Float64Array(values.length + 1);
  const first = new Float64Array(values.length + 1);
  values.forEach((value, i) => {
    const share = importance?.[i] ?? 1;
    weight[i + 1] = (weight[i] ?? 0) + share;
    first[i + 1] = (first[i] ?? 0) + share * value;
  });
  return { weight, first };
}

function distortionOf({ values, importance }: KMeansProblem, centroids: Float32Array): number {
  let sum = 0;
  values.forEach((value, i) => {
    const centroid = centroids[nearestCentroid(centroids, 0, centroids.length, value)] ?? 0;
    sum += (importance?.[i] ?? 1) * (value - centroid) ** 2;
  });
  return sum;
}
