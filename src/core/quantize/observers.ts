import { unreachable } from '../errors.ts';
import { Histogram } from './histogram.ts';
import type { Range } from './quantization.ts';

/** How a range is taken from the values seen during calibration. */
export type Observer =
  | { readonly kind: 'minMax' }
  /** Of each batch's minimum and maximum, starting from the first batch; `momentum` is the weight of the old range. */
  | { readonly kind: 'movingAverage'; readonly momentum: number }
  /** Leaves out the fraction `1 - percentile / 100` of the values, split over both tails. */
  | { readonly kind: 'percentile'; readonly percentile: number }
  /** The range that rounds what was seen to int8 with the least squared error; see `leastSquaredErrorRange`. */
  | { readonly kind: 'squaredError' };

/** Of one kind the extents of batches are enough, which the engine computes; of the other all values are seen. */
export type RangeObserver = ExtentObserver | ValueObserver;

interface ExtentObserver {
  readonly sees: 'extents';
  /** @param extent of a batch */
  observe(extent: Range): void;
  /** Includes zero. */
  range(): Range;
}

interface ValueObserver {
  readonly sees: 'values';
  /** @param extent of the values, where it is known */
  observe(values: Float32Array, extent?: Range): void;
  /** Includes zero. */
  range(): Range;
}

export function createRangeObserver(observer: Observer): RangeObserver {
  switch (observer.kind) {
    case 'minMax':
      return averagingObserver((old, seen) => ({
        minimum: Math.min(old.minimum, seen.minimum),
        maximum: Math.max(old.maximum, seen.maximum),
      }));
    case 'movingAverage': {
      const average = (old: number, seen: number): number => observer.momentum * old + (1 - observer.momentum) * seen;
      return averagingObserver((old, seen) => ({
        minimum: average(old.minimum, seen.minimum),
        maximum: average(old.maximum, seen.maximum),
      }));
    }
    case 'percentile':
      return histogramObserver((histogram, extreme) => percentileRange(histogram, extreme, observer.percentile));
    case 'squaredError':
      return histogramObserver(leastSquaredErrorRange);
    default:
      return unreachable(observer);
  }
}

function averagingObserver(merge: (old: Range, seen: Range) => Range): ExtentObserver {
  let current: Range | undefined;
  return {
    sees: 'extents',
    observe(extent) {
      current = current === undefined ? extent : merge(current, extent);
    },
    range: () => withZero(current ?? { minimum: 0, maximum: 0 }),
  };
}

/** Collects all values, and chooses the range at the end. */
function histogramObserver(choose: (histogram: Histogram, extreme: Range) => Range): ValueObserver {
  const histogram = new Histogram();
  let extreme: Range = { minimum: 0, maximum: 0 };
  return {
    sees: 'values',
    observe(values, seen = extentOfValues(values)) {
      extreme = { minimum: Math.min(extreme.minimum, seen.minimum), maximum: Math.max(extreme.maximum, seen.maximum) };
      histogram.add(values, Math.max(-seen.minimum, seen.maximum));
    },
    range: () => withZero(choose(histogram, extreme)),
  };
}

function percentileRange(histogram: Histogram, extreme: Range, percentile: number): Range {
  const { counts } = histogram;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const outside = (total * (1 - percentile / 100)) / 2;
  let low = 0;
  for (let seen = counts[0] ?? 0; seen <= outside && low < counts.length - 1; seen += counts[low] ?? 0) low++;
  let high = counts.length - 1;
  for (let seen = counts[high] ?? 0; seen <= outside && high > 0; seen += counts[high] ?? 0) high--;
  return { minimum: Math.max(extreme.minimum, histogram.edge(low)), maximum: Math.min(extreme.maximum, histogram.edge(high + 1)) };
}

/** NaN where a value is. */
export function extentOfValues(values: Float32Array): Range {
  let minimum = Infinity;
  let maximum = -Infinity;
  // Not a number as soon as one value is none.
  let sum = 0;
  const { length } = values;
  for (let i = 0; i < length; i++) {
    const value = values[i] ?? 0;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    sum += value;
  }
  return sum === sum ? { minimum, maximum } : { minimum: NaN, maximum: NaN };
}

function withZero(range: Range): Range {
  return { minimum: Math.min(range.minimum, 0), maximum: Math.max(range.maximum, 0) };
}

/** Ranges that are tried: whole, and down to a tenth of it. */
const candidates = 90;
const smallestShare = 0.1;
const codes = 255;

/**
 * The range that int8 represents these values in with the least squared error. Of the candidates `a * [m, M]` with `a`
 * from 1 down to 0.1 it is the one that minimizes
 *
 *     E(a) = sum over values outside of n (v - nearest end)^2 + sum over values inside of n step^2 / 12,   step = a (M - m) / 255
 *
 * where `n` counts the values of a histogram bin and `step^2 / 12` is the mean squared error of rounding to steps. A
 * narrower range clips outliers and rounds all other values more finely. Nagel et al. 2021, arXiv:2106.08295, section
 * 3.1 (MSE).
 *
 * @param extreme minimum `m` and maximum `M` of all values
 */
function leastSquaredErrorRange(histogram: Histogram, extreme: Range): Range {
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
