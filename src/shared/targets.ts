/** Checks a file against the targets of a recipe, measure by measure. */
import { type MeasureId, measureIds, measureRow } from './measures.ts';
import { formatUnit } from './measure-figures.ts';
import { formatLoss, largestLoss, qualityTable } from './qualities.ts';
import type { Targets } from './recipe/targets.ts';
import type { NodeMetrics, QualityId } from './results.ts';

/** One target against what was measured; a target that could not be measured is not met. */
export interface TargetVerdict {
  readonly target: keyof Targets;
  readonly measure: MeasureId;
  readonly limit: number;
  readonly found: number | undefined;
  readonly met: boolean;
  /** The measure of the task, or of the output that has lost most: what the limit of a loss is of. */
  readonly quality: QualityId;
}

/** Differences of fractions carry rounding: 0.98 - 0.97 is a little more than 0.01. */
const tolerance = 1e-9;

/** The measures that a target limits, in the order of the table. */
export const targetMeasures: readonly { readonly measure: MeasureId; readonly target: keyof Targets; readonly name: string }[] =
  measureIds.flatMap((measure) => {
    const { target } = measureRow(measure);
    return target === undefined ? [] : [{ measure, target: target.key, name: target.name }];
  });

/** Each given target, for one deployable node. What the task's measure has lost is against the trained model in float. */
export function checkTargets(targets: Targets, baseline: NodeMetrics | undefined, leaf: NodeMetrics): readonly TargetVerdict[] {
  if (!hasTargets(targets)) return [];
  const lost = largestLoss(baseline?.simulated ?? baseline?.deployed, leaf.deployed);
  return targetMeasures.flatMap(({ measure, target }) => {
    const limit = targets[target];
    if (limit === undefined) return [];
    const value = measureRow(measure).value(leaf);
    const isLoss = measureRow(measure).better === 'higher';
    const found = isLoss ? lost.loss : value;
    const met = found !== undefined && found <= limit + (isLoss ? tolerance : 0);
    return [{ target, measure, limit, found, met, quality: lost.measure }];
  });
}

export function meetsTargets(targets: Targets, baseline: NodeMetrics | undefined, leaf: NodeMetrics): boolean {
  return checkTargets(targets, baseline, leaf).every(({ met }) => met);
}

/** Whether a file keeps every limit but that of the loss, which may be kept or not. */
export function keepsOtherLimits(verdicts: readonly TargetVerdict[]): boolean {
  return verdicts.every(({ measure, met }) => met || measureRow(measure).better === 'higher');
}

/** Whether a file misses only its accuracy target: milder settings can help. */
export function missesAccuracyAlone(verdicts: readonly TargetVerdict[]): boolean {
  return verdicts.some(({ met }) => !met) && keepsOtherLimits(verdicts);
}

export function hasTargets(targets: Targets | undefined): targets is Targets {
  return targets !== undefined && targetMeasures.some(({ target }) => targets[target] !== undefined);
}

/** `compressed size 300 bytes above 100 bytes`: with all digits, for logs and reports. */
export function describeVerdict({ measure, limit, found, met, quality }: TargetVerdict): string {
  const name = verdictName(measure, quality);
  if (found === undefined) return `${name} not measured, wanted ${withUnit(measure, limit, quality)}`;
  return `${name} ${withUnit(measure, found, quality)} ${met ? 'within' : 'above'} ${withUnit(measure, limit, quality)}`;
}

/** What a target limits: of the accuracy the loss that the task's measure has. */
export function verdictName(measure: MeasureId, quality: QualityId): string {
  return measure === 'accuracy' ? qualityTable[quality].lossName : (measureRow(measure).target?.name ?? measure);
}

function withUnit(measure: MeasureId, value: number, quality: QualityId): string {
  if (measure === 'accuracy') return formatLoss(quality, value);
  const { unit } = measureRow(measure);
  switch (unit) {
    case 'bytes':
      return `${value} bytes`;
    case 'milliseconds':
      return `${value.toFixed(3)} ms`;
    case 'fraction':
    case 'count':
      return formatUnit(unit, value);
  }
}
