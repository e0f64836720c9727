/** Where centroids start: the initializers of TensorFlow's clustering guide, for one set of values. */
import type { Random } from '../../random.ts';
import { unreachable } from '../../errors.ts';

export type CentroidInitialization = 'linear' | 'random' | 'density' | 'kmeans++';

/**
 * @param values ascending, at least one
 * @param importance weight of each value; 1 each by default
 * @returns `count` centroids, ascending; values may repeat
 */
export function initialCentroids(
  kind: CentroidInitialization,
  values: Float32Array,
  count: number,
  random: Random,
  importance?: Float32Array,
): Float32Array {
  const [minimum, maximum] = [values[0] ?? 0, values.at(-1) ?? 0];
  switch (kind) {
    case 'linear':
      return Float32Array.from({ length: count }, (_, i) => (count === 1 ? minimum : minimum + ((maximum - minimum) * i) / (count - 1)));
    case 'random':
      return Float32Array.from({ length: count }, () => minimum + (maximum - minimum) * random.next()).sort();
    case 'density':
      return densityCentroids(values, count);
    case 'kmeans++':
      return spreadCentroids(values, count, random, importance);
    default:
      return unreachable(kind);
  }
}

const gridPoints = 30;
const gridMargin = 0.01;

/** Equal steps of the cumulative distribution from 0.01 to 1, read off a grid of 30 points a little wider than the values. */
function densityCentroids(values: Float32Array, count: number): Float32Array {
  const low = (values[0] ?? 0) - gridMargin;
  const high = (values.at(-1) ?? 0) + gridMargin;
  const grid = Array.from({ length: gridPoints }, (_, i) => low + ((high - low) * i) / (gridPoints - 1));
  let below = 0;
  const distribution = grid.map((point) => {
    while (below < values.length && (values[below] ?? 0) <= point) below++;
    return below / values.length;
  });
  return Float32Array.from({ length: count }, (_, i) => {
    const probability = count === 1 ? gridMargin : 0.01 + (0.99 * i) / (count - 1);
    const index = distribution.findIndex((share) => share > probability);
    return grid[index === -1 ? gridPoints - 1 : index] ?? high;
  });
}

/**
 * k-means++: the first centroid is a value drawn uniformly, each next one a value drawn with probability proportional to
 * `s_i min over k of (w_i - c_k)^2`, the weighted squared distance to the nearest centroid so far. Arthur & Vassilvitskii 2007.
 */
function spreadCentroids(values: Float32Array, count: number, random: Random, importance: Float32Array | undefined): Float32Array {
  const weightOf = (i: number): number => importance?.[i] ?? 1;
  const chosen: number[] = [values[random.integer(values.length)] ?? 0];
  const distances = new Float64Array(values.length).fill(Infinity);
  while (chosen.length < count) {
    const latest = chosen.at(-1) ?? 0;
    let total = 0;
    for (let i = 0; i < values.length; i++) {
      const distance = ((values[i] ?? 0) - latest) ** 2 * weightOf(i);
      if (distance < (distances[i] ?? 0)) distances[i] = distance;
      total += distances[i] ?? 0;
    }
    let left = random.next() * total;
    let index = values.length - 1;
    for (let i = 0; i < values.length; i++) {
      left -= distances[i] ?? 0;
      if (left < 0) {
        index = i;
        break;
      }
    }
    chosen.push(values[index] ?? 0);
  }
  return Float32Array.from(chosen).sort();
}
