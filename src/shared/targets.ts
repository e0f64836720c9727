/** Checks a file against the targets of a recipe, measure by measure. */
import { floatAccuracy, formatUnit, type MeasureId, measureIds, measureRow } from './measures.ts';
import type { Targets } from './recipe/targets.ts';
import type { NodeMetrics } from './results.ts';

/** One target against what was measured; a target that could not be measured is not met. */
export interface TargetVerdict {
  readonly target: keyof Targets;
  readonly measure: MeasureId;
  readonly limit: number;
  readonly found: number | undefined;
  readonly met: boolean;
}

/** Differences of fractions carry rounding: 0.98 - 0.97 is a little more than 0.01. */
const tolerance = 1e-9;

/** The measures that a target limits, in the order of the table. */
export const targetMeasures: readonly { readonly measure: MeasureId; readonly target: keyof Targets; readonly name: string }[] =
  measureIds.flatMap((measure) => {
    const { target } = measureRow(measure);
    return target === undefined ? [] : [{ measure, target: target.key, name: target.name }];
  });

/** Each given target, for one deployable node. Accuracy is compared with the baseline's in float. */
export function checkTargets(targets: Targets, baseline: NodeMetrics | undefined, leaf: NodeMetrics): readonly TargetVerdict[] {
  return targetMeasures.flatMap(({ measure, target }) => {
    const limit = targets[target];
    if (limit === undefined) return [];
    const value = measureRow(measure).value(leaf);
    const isLoss = measureRow(measure).better === 'higher';
    const found = isLoss ? loss(baseline, value) : value;
    return [{ target, measure, limit, found, met: found !== undefined && found <= limit + (isLoss ? tolerance : 0) }];
  });
}

function loss(baseline: NodeMetrics | undefined, after: number | undefined): number | undefined {
  const before = floatAccuracy(baseline);
  return before === undefined || after === undefined ? undefined : before - after;
}

export function meetsTargets(targets: Targets, baseline: NodeMetrics | undefined, leaf: NodeMetrics): boolean {
  return checkTargets(targets, baseline, leaf).every(({ met }) => met);
}

/** Whether a file misses only its accuracy target: milder settings can help. */
export function missesAccuracyAlone(verdicts: readonly TargetVerdict[]): boolean {
  const missed = verdicts.filter(({ met }) => !met);
  return missed.length > 0 && missed.every(({ measure }) => measureRow(measure).better === 'higher');
}

export function hasTargets(targets: Targets | undefined): targets is Targets {
  return targets !== undefined && targetMeasures.some(({ target }) => targets[target] !== undefined);
}

/** `compressed size 300 bytes above 100 bytes`: with all digits, for logs and reports. */
export function describeVerdict({ measure, limit, found, met }: TargetVerdict): string {
  const name = measureRow(measure).target?.name ?? measure;
  if (found === undefined) return `${name} not measured, wanted ${withUnit(measure, limit)}`;
  return `${name} ${withUnit(measure, found)} ${met ? 'within' : 'above'} ${withUnit(measure, limit)}`;
}

function withUnit(measure: MeasureId, value: number): string {
  const { unit } = measureRow(measure);
  switch (unit) {
    case 'fraction':
      return `${(value * 100).toFixed(2)} points`;
    case 'bytes':
      return `${value} bytes`;
    case 'milliseconds':
      return `${value.toFixed(3)} ms`;
    case 'count':
      return formatUnit(unit, value);
  }
}
