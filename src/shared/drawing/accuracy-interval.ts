/** How sure an accuracy is, in words. */
import { qualityRow } from '../measure-figures.ts';
import { formatQuality, qualityOfAccuracy, qualityValue } from '../qualities.ts';
import { wilsonInterval } from '../recommendation.ts';
import type { Accuracy, NodeMetrics } from '../results.ts';
import { formatCount } from './format.ts';
import type { Translate } from './translate.ts';

/**
 * The 95% interval of a measured quality, in its unit.
 *
 * @param accuracy of the engine or of the file
 * @returns Wilson's of a share of independent examples, else the bootstrap's; undefined where neither is known
 */
export function accuracyInterval(metrics: NodeMetrics, accuracy: Accuracy | undefined): readonly [number, number] | undefined {
  const value = accuracy && qualityValue(accuracy);
  if (accuracy === undefined || value === undefined || accuracy.samples === 0) return undefined;
  if (qualityRow(metrics).isProportion === true) return wilsonInterval(value, accuracy.samples);
  return accuracy.intervals?.[qualityOfAccuracy(accuracy)];
}

/** ` ± 0.30`: half of the interval, in points or in the measure's unit; empty where there is none. */
export function describeSpread(metrics: NodeMetrics, accuracy: Accuracy | undefined): string {
  const interval = accuracyInterval(metrics, accuracy);
  if (interval === undefined) return '';
  const half = (interval[1] - interval[0]) / 2;
  return ` ± ${qualityRow(metrics).unit === 'fraction' ? (half * 100).toFixed(2) : half.toPrecision(2)}`;
}

/** `10,000 test examples, 95% interval 97.4% to 98.0%`; intervals of other measures than shares are called those of a bootstrap. */
export function describeSamples(metrics: NodeMetrics, accuracy: Accuracy, translate: Translate): string {
  const interval = accuracyInterval(metrics, accuracy);
  if (interval === undefined) return translate('{0} test examples', formatCount(accuracy.samples));
  const row = qualityRow(metrics);
  const [low, high] = interval.map((end) => formatQuality(qualityOfAccuracy(accuracy), end, 1));
  return row.isProportion === true
    ? translate('{0} test examples, 95% interval {1} to {2}', formatCount(accuracy.samples), low ?? '', high ?? '')
    : translate('{0} test examples, 95% bootstrap interval {1} to {2}', formatCount(accuracy.samples), low ?? '', high ?? '');
}
