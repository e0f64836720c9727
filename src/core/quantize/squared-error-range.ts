import type { Histogram } from './histogram.ts';
import type { Range } from './quantization.ts';

/** Ranges that are tried: whole, and down to a tenth of it. */
const candidates = 90;
const smallestShare = 0.1;
const codes = 255;

/**
 * The range that rounds these values with the least squared error: values outside it are clipped, those inside are
 * rounded in steps of a 255th. Outliers are given up where finer steps for all others weigh more. The error of rounding
 * is taken as a twelfth of the squared step. Nagel et al. 2021, arXiv:2106.08295, section 3.1.
 *
 * @param extreme of all values; the range is a part of it, on both sides alike
 */
export function leastSquaredErrorRange(histogram: Histogram, extreme: Range): Range {
  const values = [...histogram.counts].flatMap((count, bin) => (count === 0 ? [] : [{ count, value: histogram.center(bin) }]));
  let best = extreme;
  let least = Infinity;
  for (let i = 0; i <= candidates; i++) {
    const share = 1 - (i / candidates) * (1 - smallestShare);
    const range = { minimum: extreme.minimum * share, maximum: extreme.maximum * share };
    const error = squaredError(values, range);
    if (error >= least) continue;
    least = error;
    best = range;
  }
  return best;
}

function squaredError(values: readonly { readonly count: number; readonly value: number }[], { minimum, maximum }: Range): number {
  const rounding = ((maximum - minimum) / codes) ** 2 / 12;
  return values.reduce((sum, { count, value }) => {
    const outside = Math.max(0, minimum - value, value - maximum);
    return sum + count * (outside > 0 ? outside ** 2 : rounding);
  }, 0);
}
