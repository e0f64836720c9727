/** Rounding weights one after the other, each making up for the errors of those before it. */
import { upperFactor } from './upper-factor.ts';

export interface FeedbackProblem {
  /** `[filters, d]` */
  readonly weights: Float32Array;
  /** Second moments of what the filters are multiplied with, `[d, d]`. */
  readonly gram: Float32Array;
  /** Of the weights: 1 where one is rounded; the others are right as they are. Without one all are rounded. */
  readonly mask?: Uint8Array;
  readonly signal: AbortSignal;
}

/** The value that a weight at an index takes. */
export type Rounding = (weight: number, index: number) => number;

/**
 * Moves each weight to where rounding takes it to what keeps the filters' outputs. Their squared error,
 * `(w - q) gram (w - q)^T`, is a sum of one square for each weight, in which its own error stands beside those of the
 * weights before it; so it is moved by those before it is rounded. Weights of large second moments come first.
 *
 * This is GPTQ (Frantar et al. 2023, arXiv:2210.17323) in the form of the nearest-plane algorithm, which needs no inverse
 * (Chen et al. 2025, arXiv:2507.18553).
 *
 * @returns for each way of rounding the moved weights, `[filters, d]`; undefined where `gram` is not positive definite
 * @throws EspalierError `cancelled`
 */
export async function errorFeedback(problem: FeedbackProblem): Promise<((round: Rounding) => Float32Array) | undefined> {
  const { weights, gram, mask } = problem;
  const length = Math.sqrt(gram.length);
  const order = Uint32Array.from({ length }, (_, i) => i).sort((a, b) => (gram[b * (length + 1)] ?? 0) - (gram[a * (length + 1)] ?? 0));
  const ordered = Float64Array.from(gram, (_, at) => gram[(order[Math.floor(at / length)] ?? 0) * length + (order[at % length] ?? 0)] ?? 0);
  const factor = await upperFactor(ordered, problem.signal);
  if (factor === undefined) return undefined;
  return (round) => {
    const moved = weights.slice();
    const feedback = new Float64Array(length);
    for (let row = 0; row < weights.length; row += length) {
      feedback.fill(0);
      for (let place = 0; place < length; place++) {
        const index = row + (order[place] ?? 0);
        if (mask?.[index] === 0) continue;
        const weight = weights[index] ?? 0;
        const wanted = weight + (feedback[place] ?? 0) / (factor[place * (length + 1)] ?? 1);
        moved[index] = wanted;
        // To single precision, as the rounding will be of what is stored.
        const error = weight - round(moved[index] ?? 0, index);
        for (let later = place + 1; later < length; later++)
          feedback[later] = (feedback[later] ?? 0) + (factor[place * length + later] ?? 0) * error;
      }
    }
    return moved;
  };
}
