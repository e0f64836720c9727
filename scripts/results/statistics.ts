/** Several runs in one cell. */
import { missing } from '../../src/shared/drawing/format.ts';
import { wilsonInterval } from '../../src/shared/recommendation.ts';

/** Two-sided 95% quantiles of Student's t distribution with 1 to 9 degrees of freedom. */
const studentQuantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
const normalQuantile = 1.96;

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Half of the 95% interval of the mean of several runs, by Student's t distribution.
 *
 * @param values at least two
 */
export function halfInterval(values: readonly number[]): number {
  const mean = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return (studentQuantiles[values.length - 2] ?? normalQuantile) * Math.sqrt(variance / values.length);
}

/**
 * A share of right answers: the mean of the runs with half of its 95% interval, Student's t over runs or Wilson's for the
 * number of test examples, whichever is larger. All runs share one test set: that they agree does not make it larger.
 *
 * @example accuracyCell([0.9, 0.92, 0.94], 1000) // '92.00% ± 4.97'
 */
export function accuracyCell(values: readonly (number | undefined)[], samples: number | undefined): string {
  const known = values.flatMap((value) => value ?? []);
  const [first] = known;
  if (first === undefined) return missing;
  const mean = meanOf(known);
  const halves = [
    ...(known.length > 1 ? [halfInterval(known)] : []),
    ...(samples === undefined ? [] : [halfOf(wilsonInterval(mean, samples))]),
  ];
  return `${(100 * mean).toFixed(2)}%${halves.length === 0 ? '' : ` ± ${(100 * Math.max(...halves)).toFixed(2)}`}`;
}

/** Differences in points, of the same runs. */
export function differenceCell(values: readonly number[]): string {
  if (values.length === 0) return missing;
  const mean = meanOf(values);
  const half = values.length > 1 ? ` ± ${(100 * halfInterval(values)).toFixed(2)}` : '';
  return `${mean < 0 ? '−' : '+'}${Math.abs(100 * mean).toFixed(2)}${half}`;
}

/** One value as it is; of several the mean, and between which they lie. */
export function rangeCell(values: readonly (number | undefined)[], format: (value: number) => string): string {
  const known = values.flatMap((value) => value ?? []);
  const [first] = known;
  if (first === undefined) return missing;
  const [lowest, highest] = [Math.min(...known), Math.max(...known)];
  if (format(lowest) === format(highest)) return format(first);
  return `${format(meanOf(known))} (${format(lowest)} – ${format(highest)})`;
}

function halfOf([lower, upper]: readonly [number, number]): number {
  return (upper - lower) / 2;
}
