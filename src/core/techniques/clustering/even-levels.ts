/**
 * Values at equal distances, the integers -M to M in units of a step. An entropy code loses little by them (Gish & Pierce
 * 1968), and what is stored beside the weights gets smaller: kernels share the tables that decode a code, since their values
 * are the same integers, and small integers make short palettes.
 */
import { intervalEnds, type KMeansProblem, prefixSums } from './k-means.ts';
import type { EvenForm } from './value-bits.ts';

export interface EvenLevels {
  /** `[2 M + 1]`, ascending multiples of `step`. */
  readonly centroids: Float32Array;
  /** Of taking each level, in squared distance. */
  readonly costs: Float32Array;
  readonly step: number;
  /** Weighted squared error of all values, and `costPerBit` times the bits of the kernel. */
  readonly objective: number;
}

const leastLevels = 2;
/** How far the largest level may stay below the largest value, in steps. */
const clippedSteps = [0, 0.5, 1];
const costRounds = 6;

/**
 * The even levels that make `error + costPerBit * bits` smallest, at most `clusters` of them with zero in the middle;
 * undefined where so few have none on either side.
 *
 * @param zeros weights held at zero besides the values
 */
export function evenLevels(
  problem: KMeansProblem,
  clusters: number,
  { form, costPerBit, zeros }: { readonly form: EvenForm; readonly costPerBit: number; readonly zeros: number },
): EvenLevels | undefined {
  const { values } = problem;
  const sums = { ...prefixSums(problem), second: secondMoments(problem) };
  const largest = Math.max(-(values[0] ?? 0), values.at(-1) ?? 0);
  let best: EvenLevels | undefined;
  for (let levels = Math.floor((clusters - 1) / 2); levels >= leastLevels; levels--) {
    for (const clipped of clippedSteps) {
      const step = largest / (levels + clipped);
      const centroids = Float32Array.from({ length: 2 * levels + 1 }, (_, i) => (i - levels) * step);
      let costs = new Float32Array(centroids.length);
      for (let round = 0; round < costRounds; round++) {
        const ends = intervalEnds(values, centroids, costs);
        const members = Array.from(ends, (end, i) => end - (ends[i - 1] ?? 0) + (i === levels ? zeros : 0));
        const valueBits = form.valueBits(members, levels);
        const bits = members.reduce((sum, count, i) => sum + count * (valueBits[i] ?? 0), form.sideBits(members.length, levels));
        const objective = errorOf(sums, ends, centroids) + costPerBit * bits;
        if (objective < (best?.objective ?? Infinity)) best = { centroids, costs, step, objective };
        costs = Float32Array.from(valueBits, (value) => costPerBit * value);
      }
    }
  }
  return best;
}

interface Moments {
  readonly weight: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function secondMoments({ values, importance }: KMeansProblem): Float64Array {
  const second = new Float64Array(values.length + 1);
  values.forEach((value, i) => {
    second[i + 1] = (second[i] ?? 0) + (importance?.[i] ?? 1) * value ** 2;
  });
  return second;
}

/** The weighted squared error of intervals that each take one centroid. */
function errorOf({ weight, first, second }: Moments, ends: Uint32Array, centroids: Float32Array): number {
  const between = (sums: Float64Array, i: number): number => (sums[ends[i] ?? 0] ?? 0) - (sums[ends[i - 1] ?? 0] ?? 0);
  return centroids.reduce(
    (sum, centroid, i) => sum + between(second, i) - 2 * centroid * between(first, i) + centroid ** 2 * between(weight, i),
    0,
  );
}
