/** One filter on a grid of few integers, so that it computes what the whole filter computed. */
import { weightLimit } from '../../constraints/integer-grid.ts';
import { roundHalfToEven } from '../../constraints/rounding.ts';
import type { WeightBits } from '../../../shared/recipe/layer-rule.ts';

/** What all filters of a layer share: the second moments of their inputs. */
export interface Moments {
  /** `[d, d]`, symmetric and positive definite. */
  readonly gram: ArrayLike<number>;
  /** The order in which weights are rounded: those whose inputs have large second moments first. */
  readonly order: Uint32Array;
  /** `gram = R R^T` in that order, R upper triangular; see `upperFactor`. */
  readonly factor: Float64Array;
}

export interface FilterProblem {
  readonly moments: Moments;
  /** What the filter minimizes: `q gram q^T - 2 q . target` over its weights q; `[d]`. */
  readonly target: ArrayLike<number>;
  /** The real weights of the least error, or close to it, `[d]`: what is rounded first. */
  readonly start: ArrayLike<number>;
  /** 1 where a weight is rounded, 0 where it stays zero; `[d]`. */
  readonly mask?: ArrayLike<number> | undefined;
  readonly bits: WeightBits;
  /** Scales that are tried, as shares of the one that holds the largest weight of `start`. */
  readonly ratios: readonly number[];
  /** The precision that scales have in the file. */
  readonly storedScale: (scale: number) => number;
}

export interface RoundedFilter {
  readonly integers: Int8Array;
  readonly scale: number;
  /** `q gram q^T - 2 q . target` of the weights `scale * integers`. */
  readonly error: number;
}

/** Filters of so few weights are rounded by trying each choice of floor and ceiling. */
const fewWeights = 10;
const mostSweeps = 20;
const scaleUpdates = 3;

/**
 * Chooses scale and integers of a filter.
 *
 * 1. For each scale that is tried, weights are rounded one after the other, each making up for the errors before it
 *    (GPTQ, Frantar et al. 2023, arXiv:2210.17323); a filter of at most 10 weights by trying all 2^d roundings to the
 *    integer below or above. The best scale is taken: outliers may be clipped for finer steps.
 * 2. Integers change one at a time while that lowers the error (coordinate descent).
 * 3. The scale is set to the best one for the integers, `s = (k . target) / (k gram k^T)`, and 2 is done again.
 *
 * @returns undefined where the start is all zero
 */
export function roundFilter(problem: FilterProblem): RoundedFilter | undefined {
  const { start, ratios, bits, moments, storedScale } = problem;
  const limit = weightLimit(bits);
  const largest = Math.max(0, ...Array.from(start, Math.abs));
  if (!(largest > 0) || !Number.isFinite(largest)) return undefined;
  const exact = start.length <= fewWeights;
  let first: RoundedFilter | undefined;
  for (const ratio of ratios) {
    const scale = storedScale((largest / limit) * ratio);
    const integers = exact ? bestCorner(problem, scale, limit) : nearestPlane(problem, scale, limit);
    const error = errorOf(moments.gram, problem.target, integers, scale);
    if (first === undefined || error < first.error) first = { integers, scale, error };
  }
  if (first === undefined) return undefined;
  let best = descend(problem, first, limit);
  for (let update = 0; update < scaleUpdates; update++) {
    const fitted = fittedScale(problem, best);
    if (fitted === undefined) break;
    const scale = storedScale(fitted);
    const from = exact ? bestCorner(problem, scale, limit) : best.integers;
    const next = descend(problem, { integers: from, scale, error: errorOf(moments.gram, problem.target, from, scale) }, limit);
    if (!(next.error < best.error)) break;
    best = next;
  }
  return best;
}

/** Rounds one after the other; the derivation is at `errorFeedback`. */
function nearestPlane({ moments: { order, factor }, start, mask }: FilterProblem, scale: number, limit: number): Int8Array {
  const length = order.length;
  const integers = new Int8Array(length);
  const feedback = new Float64Array(length);
  for (let place = 0; place < length; place++) {
    const index = order[place] ?? 0;
    if (mask?.[index] === 0) continue;
    const weight = start[index] ?? 0;
    const row = place * length;
    const moved = weight + (feedback[place] ?? 0) / (factor[row + place] ?? 1);
    const integer = clamp(roundHalfToEven(moved / scale), limit);
    integers[index] = integer;
    const error = weight - integer * scale;
    for (let later = place + 1; later < length; later++) feedback[later] = (feedback[later] ?? 0) + (factor[row + later] ?? 0) * error;
  }
  return integers;
}

/**
 * The best of all roundings to the integer below or above, in the order of a Gray code, so that one weight changes at a
 * time: with gradient g = q gram - target, moving weight i by delta changes the error by `2 delta g_i + delta^2 gram_ii`.
 */
function bestCorner({ moments: { gram }, target, start, mask }: FilterProblem, scale: number, limit: number): Int8Array {
  const length = start.length;
  const below = Int8Array.from({ length }, (_, i) => (mask?.[i] === 0 ? 0 : clamp(Math.floor((start[i] ?? 0) / scale), limit)));
  const free = Array.from({ length }, (_, i) => i).filter((i) => mask?.[i] !== 0 && (below[i] ?? 0) < limit);
  const slopes = gradientOf(gram, target, below, scale);
  const current = below.slice();
  let best = below.slice();
  let [error, least] = [0, 0];
  for (let code = 1; code < 2 ** free.length; code++) {
    const changed = free[31 - Math.clz32(code & -code)] ?? 0;
    const up = current[changed] === below[changed];
    current[changed] = (current[changed] ?? 0) + (up ? 1 : -1);
    error += moved(gram, slopes, changed, up ? scale : -scale);
    if (error >= least) continue;
    least = error;
    best = current.slice();
  }
  return best;
}

/** Moves weight i by delta, and the gradient with it; returns by how much the error changes. */
function moved(gram: ArrayLike<number>, slopes: Float64Array, i: number, delta: number): number {
  const length = slopes.length;
  const change = 2 * delta * (slopes[i] ?? 0) + delta ** 2 * (gram[i * (length + 1)] ?? 0);
  for (let j = 0; j < length; j++) slopes[j] = (slopes[j] ?? 0) + delta * (gram[i * length + j] ?? 0);
  return change;
}

/** Coordinate descent: each integer goes to the best one for the others, until none moves. */
function descend({ moments: { gram, order }, target, mask }: FilterProblem, from: RoundedFilter, limit: number): RoundedFilter {
  const { scale } = from;
  const length = order.length;
  const integers = from.integers.slice();
  const slopes = gradientOf(gram, target, integers, scale);
  let { error } = from;
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let changes = 0;
    for (const i of order) {
      if (mask?.[i] === 0) continue;
      const integer = integers[i] ?? 0;
      const best = clamp(roundHalfToEven(integer - (slopes[i] ?? 0) / ((gram[i * (length + 1)] ?? 1) * scale)), limit);
      if (best === integer) continue;
      const change = moved(gram, slopes, i, (best - integer) * scale);
      integers[i] = best;
      error += change;
      changes++;
    }
    if (changes === 0) break;
  }
  return { integers, scale, error };
}

/** `s = (k . target) / (k gram k^T)`; undefined where that is no positive number. */
function fittedScale({ moments: { gram }, target }: FilterProblem, { integers, scale }: RoundedFilter): number | undefined {
  const slopes = gradientOf(gram, target, integers, scale);
  let [along, square] = [0, 0];
  for (let i = 0; i < integers.length; i++) {
    const integer = integers[i] ?? 0;
    along += integer * (target[i] ?? 0);
    square += (integer * ((slopes[i] ?? 0) + (target[i] ?? 0))) / scale;
  }
  const fitted = along / square;
  return fitted > 0 && Number.isFinite(fitted) ? fitted : undefined;
}

/** `q gram - target` of `q = scale * integers`. */
function gradientOf(gram: ArrayLike<number>, target: ArrayLike<number>, integers: Int8Array, scale: number): Float64Array {
  const length = integers.length;
  const slopes = Float64Array.from(target, (value) => -value);
  for (let i = 0; i < length; i++) {
    const weight = (integers[i] ?? 0) * scale;
    if (weight === 0) continue;
    for (let j = 0; j < length; j++) slopes[j] = (slopes[j] ?? 0) + weight * (gram[i * length + j] ?? 0);
  }
  return slopes;
}

function errorOf(gram: ArrayLike<number>, target: ArrayLike<number>, integers: Int8Array, scale: number): number {
  const slopes = gradientOf(gram, target, integers, scale);
  // q gram q^T - 2 q . target = q . (q gram - target) - q . target
  let error = 0;
  for (let i = 0; i < integers.length; i++) error += (integers[i] ?? 0) * scale * ((slopes[i] ?? 0) - (target[i] ?? 0));
  return error;
}

function clamp(integer: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, integer));
}
