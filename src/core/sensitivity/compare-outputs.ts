/** How far two sets of a network's outputs lie apart. */

/** How outputs are compared. */
export type DivergenceKind =
  /** `KL(p || q) = sum p (log p - log q)` in nats, p of the whole network, the mean over examples (and positions). */
  | 'KL divergence'
  /** Of several or other outputs: the squared error over the variance of the whole network's, the mean over outputs. */
  | 'normalized squared error';

/** One of the network's outputs, as the whole network gives it. */
export interface ReferenceOutput {
  readonly values: Float32Array;
  /** Length of a distribution. */
  readonly width: number;
  /** Whether values are logits, which a softmax makes a distribution. */
  readonly logits: boolean;
}

/** Whether rows of this width are not negative and sum up to 1. */
export function isDistribution(values: Float32Array, width: number): boolean {
  for (let row = 0; row < values.length; row += width) {
    let sum = 0;
    for (let i = row; i < row + width; i++) {
      if ((values[i] ?? 0) < 0) return false;
      sum += values[i] ?? 0;
    }
    if (Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}

/** Below it a probability counts as this, so that the logarithm is finite. */
const leastProbability = 1e-12;

/** The mean over the rows of two sets of distributions; never negative. */
export function klDivergence({ values, width, logits }: ReferenceOutput, found: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < values.length; row += width) {
    const before = distribution(values, row, width, logits);
    const after = distribution(found, row, width, logits);
    for (let i = 0; i < width; i++) {
      const p = before[i] ?? 0;
      if (p > 0) sum += p * (Math.log(Math.max(p, leastProbability)) - Math.log(Math.max(after[i] ?? 0, leastProbability)));
    }
  }
  return Math.max(0, (sum * width) / values.length);
}

function distribution(values: ArrayLike<number>, row: number, width: number, logits: boolean): Float64Array {
  const part = Float64Array.from({ length: width }, (_, i) => values[row + i] ?? 0);
  if (!logits) return part;
  const largest = part.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = part.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** `sum (found - value)^2 / sum (value - mean)^2`; 0 where nothing changes. */
export function normalizedError(values: Float32Array, found: ArrayLike<number>): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  let [error, variance] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    error += ((found[i] ?? 0) - (values[i] ?? 0)) ** 2;
    variance += ((values[i] ?? 0) - mean) ** 2;
  }
  return error === 0 ? 0 : error / Math.max(variance, Number.MIN_VALUE);
}
