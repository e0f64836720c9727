/** Rounding weights one after the other, each making up for the errors of those before it. */
import { upperFactor } from './triangular-factor.ts';

export interface FeedbackProblem {
  /** `[filters, d]` */
  readonly weights: Float32Array;
  /** Second moments of what the filters are multiplied with, `[d, d]`. */
  readonly gram: Float32Array;
  /** Of the weights: 1 where one is rounded, 0 where it stays as it is. Without a mask all are rounded. */
  readonly mask?: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** The triangular factor of a layer's moments, with its rows in the order in which weights are rounded. */
export interface MomentFactor {
  readonly order: Uint32Array;
  /** `[d, d]`, upper triangular. */
  readonly factor: Float64Array;
  /** Its diagonal. */
  readonly pivots: Float64Array;
}

/**
 * The value that a weight at an index takes.
 *
 * @param precision how much the square of its error counts in the outputs, as far as no weight after it can make up for
 *   it; 1 on average
 */
export type Rounding = (weight: number, index: number, precision: number) => number;

/**
 * Rounds weights so that filters keep their outputs. The squared error of a filter's outputs is, with e = w - q and the
 * triangular factor `gram = R R^T` (R upper triangular),
 *
 *     e gram e^T = sum over i of (R_ii e_i + sum over j < i of R_ji e_j)^2
 *
 * so weight i takes `q_i = round(w_i + sum over j < i of R_ji e_j / R_ii)`: it is moved by the errors of the weights
 * before it. Weights whose inputs have large second moments come first.
 *
 * This is GPTQ (Frantar et al. 2023, arXiv:2210.17323) as the nearest-plane algorithm, which needs no inverse (Chen et
 * al. 2025, arXiv:2507.18553).
 *
 * @returns a function that rounds the weights, `[filters, d]`, in a given way; undefined where `gram` is not positive
 * definite
 * @throws EspalierError `cancelled`
 */
export async function errorFeedback({ weights, gram, mask, signal }: FeedbackProblem): Promise<RoundWeights | undefined> {
  const moments = await factorMoments(gram, signal);
  return moments && feedbackRounding(moments, weights, mask);
}

/**
 * What `errorFeedback` computes of the moments alone: several roundings of a layer share it.
 *
 * @param gram `[d, d]`
 * @returns undefined where it is not positive definite
 * @throws EspalierError `cancelled`
 */
export async function factorMoments(gram: ArrayLike<number>, signal: AbortSignal): Promise<MomentFactor | undefined> {
  const length = Math.sqrt(gram.length);
  const order = Uint32Array.from({ length }, (_, i) => i).sort((a, b) => (gram[b * (length + 1)] ?? 0) - (gram[a * (length + 1)] ?? 0));
  const ordered = new Float64Array(gram.length);
  for (let i = 0; i < length; i++) {
    const row = (order[i] ?? 0) * length;
    for (let j = 0; j < length; j++) ordered[i * length + j] = gram[row + (order[j] ?? 0)] ?? 0;
  }
  const factor = await upperFactor(ordered, signal);
  if (factor === undefined) return undefined;
  return { order, factor, pivots: Float64Array.from(order, (_, place) => factor[place * (length + 1)] ?? 1) };
}

/** Filters that are rounded side by side, so that a row of the factor is read once for all of them. */
const filtersAtOnce = 4;

/**
 * Filters do not depend on each other: each takes the same values whichever are rounded beside it.
 *
 * @param weights `[filters, d]`
 * @param mask as in `FeedbackProblem`
 */
export function feedbackRounding({ order, factor, pivots }: MomentFactor, weights: Float32Array, mask?: Uint8Array): RoundWeights {
  const { length } = order;
  const meanSquare = pivots.reduce((sum, pivot) => sum + pivot ** 2, 0) / length;
  return (round) => {
    const rounded = weights.slice();
    // That of each filter beside those of the others: `[d, filtersAtOnce]`.
    const feedback = new Float64Array(length * filtersAtOnce);
    const errors = new Float64Array(filtersAtOnce);
    for (let block = 0; block < weights.length; block += length * filtersAtOnce) {
      feedback.fill(0);
      for (let place = 0; place < length; place++) {
        const pivot = pivots[place] ?? 1;
        for (let filter = 0; filter < filtersAtOnce; filter++) {
          const index = block + filter * length + (order[place] ?? 0);
          errors[filter] = 0;
          if (index >= weights.length || mask?.[index] === 0) continue;
          const weight = weights[index] ?? 0;
          rounded[index] = round(weight + (feedback[place * filtersAtOnce + filter] ?? 0) / pivot, index, pivot ** 2 / meanSquare);
          errors[filter] = weight - (rounded[index] ?? 0);
        }
        addErrors(feedback, factor.subarray(place * length, (place + 1) * length), place + 1, errors);
      }
    }
    return rounded;
  };
}

/** `feedback[later] += row[later] errors` from `first` on, of `filtersAtOnce` filters. */
function addErrors(feedback: Float64Array, row: Float64Array, first: number, errors: Float64Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = errors;
  if (a === 0 && b === 0 && c === 0 && d === 0) return;
  for (let later = first; later < row.length; later++) {
    const factor = row[later] ?? 0;
    const at = later * filtersAtOnce;
    feedback[at] = (feedback[at] ?? 0) + factor * a;
    feedback[at + 1] = (feedback[at + 1] ?? 0) + factor * b;
    feedback[at + 2] = (feedback[at + 2] ?? 0) + factor * c;
    feedback[at + 3] = (feedback[at + 3] ?? 0) + factor * d;
  }
}

export type RoundWeights = (round: Rounding) => Float32Array;
