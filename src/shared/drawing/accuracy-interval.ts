/** How sure an accuracy is, in words. */
import { qualityRow } from '../measures.ts';
import { qualityValue } from '../qualities.ts';
import { wilsonInterval } from '../recommendation.ts';
import type { Accuracy, NodeMetrics } from '../results.ts';
import { formatPercent } from './format.ts';
import type { Translate } from './translate.ts';

/**
 * The 95% interval of a measured accuracy, in [0, 1].
 *
 * @param accuracy of the engine or of the file
 * @returns undefined where it is not a share of independent examples
 */
export function accuracyInterval(metrics: NodeMetrics, accuracy: Accuracy | undefined): readonly [number, number] | undefined {
  const value = accuracy && qualityValue(accuracy);
  if (accuracy === undefined || value === undefined || accuracy.samples === 0) return undefined;
  return qualityRow(metrics).isProportion === true ? wilsonInterval(value, accuracy.samples) : undefined;
}

/** ` ± 0.30`: half of the interval, in points; empty where there is none. */
export function describeSpread(metrics: NodeMetrics, accuracy: Accuracy | undefined): string {
  const interval = accuracyInterval(metrics, accuracy);
  return interval === undefined ? '' : ` ± ${(((interval[1] - interval[0]) / 2) * 100).toFixed(2)}`;
}

/** `10000 test examples, 95% interval 97.4% to 98.0%` */
export function describeSamples(metrics: NodeMetrics, accuracy: Accuracy, translate: Translate): string {
  const interval = accuracyInterval(metrics, accuracy);
  if (interval === undefined) return translate('{0} test examples', accuracy.samples);
  const [low, high] = interval;
  return translate('{0} test examples, 95% interval {1} to {2}', accuracy.samples, formatPercent(low, 1), formatPercent(high, 1));
}
