import { unreachable } from '../errors.ts';
import type { Range } from './quantization.ts';

/** How a range is taken from the values seen during calibration. */
export type Observer =
  | { readonly kind: 'minMax' }
  /** Of each batch's minimum and maximum, starting from the first batch; `momentum` is the weight of the old range. */
  | { readonly kind: 'movingAverage'; readonly momentum: number }
  /** Leaves out the fraction `1 - percentile / 100` of the values, split over both tails. */
  | { readonly kind: 'percentile'; readonly percentile: number };

export interface RangeObserver {
  observe(values: Float32Array): void;
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
      return percentileObserver(observer.percentile);
    default:
      return unreachable(observer);
  }
}

function averagingObserver(merge: (old: Range, seen: Range) => Range): RangeObserver {
  let current: Range | undefined;
  return {
    observe(values) {
      if (values.length === 0) return;
      const seen = extent(values);
      current = current === undefined ? seen : merge(current, seen);
    },
    range: () => withZero(current ?? { minimum: 0, maximum: 0 }),
  };
}

const bins = 8192;

/** A histogram around zero whose width doubles when a value falls outside, so that memory stays bounded. */
function percentileObserver(percentile: number): RangeObserver {
  let counts = new Float64Array(bins);
  let limit = 0;
  let total = 0;
  let extreme: Range = { minimum: 0, maximum: 0 };
  const grow = (needed: number): void => {
    if (limit === 0) limit = needed;
    while (limit < needed) {
      const halved = new Float64Array(bins);
      counts.forEach((count, i) => {
        const at = bins / 4 + (i >> 1);
        halved[at] = (halved[at] ?? 0) + count;
      });
      counts = halved;
      limit *= 2;
    }
  };
  return {
    observe(values) {
      const seen = extent(values);
      extreme = { minimum: Math.min(extreme.minimum, seen.minimum), maximum: Math.max(extreme.maximum, seen.maximum) };
      grow(Math.max(-seen.minimum, seen.maximum, Number.MIN_VALUE));
      for (const value of values) {
        const bin = Math.min(bins - 1, Math.floor(((value + limit) / (2 * limit)) * bins));
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      total += values.length;
    },
    range() {
      const outside = (total * (1 - percentile / 100)) / 2;
      const edge = (bin: number): number => (bin / bins) * 2 * limit - limit;
      let low = 0;
      for (let seen = counts[0] ?? 0; seen <= outside && low < bins - 1; seen += counts[low] ?? 0) low++;
      let high = bins - 1;
      for (let seen = counts[high] ?? 0; seen <= outside && high > 0; seen += counts[high] ?? 0) high--;
      return withZero({ minimum: Math.max(extreme.minimum, edge(low)), maximum: Math.min(extreme.maximum, edge(high + 1)) });
    },
  };
}

function extent(values: Float32Array): Range {
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const value of values) {
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return { minimum, maximum };
}

function withZero(range: Range): Range {
  return { minimum: Math.min(range.minimum, 0), maximum: Math.max(range.maximum, 0) };
}
