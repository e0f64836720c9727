/** Whether a run's leaves meet the targets, and by how much. */
import { formatUnit, type MeasureId, measureRow } from '../measures.ts';
import { formatLoss, qualityTable } from '../qualities.ts';
import type { Targets } from '../recipe/targets.ts';
import type { QualityId } from '../results.ts';
import type { ModelState, NodeResult } from '../run-state.ts';
import { type Recommendation, recommendFile } from '../recommendation.ts';
import { verdictName } from '../targets.ts';
import type { Translate } from './translate.ts';

export interface LeafTargetVerdict {
  readonly measure: MeasureId;
  readonly met: boolean;
  /** What the leaf reached, in the target's unit. */
  readonly reached: number;
  /** Target less what was reached: positive when there is room. */
  readonly margin: number;
  /** The measure of the task. */
  readonly quality: QualityId;
}

export interface LeafVerdict {
  readonly leaf: NodeResult;
  readonly verdicts: readonly LeafTargetVerdict[];
  readonly recommendation: Recommendation;
}

/** The recommended file, with its verdicts. */
export function bestLeaf(model: ModelState, targets: Targets): LeafVerdict | undefined {
  const candidates = [...model.nodes.values()].flatMap(({ node, metrics }) =>
    node.leaf && metrics !== undefined ? [{ id: node.id, metrics }] : [],
  );
  const found = recommendFile(candidates, model.nodes.get(model.tree.id)?.metrics, targets);
  const leaf = found && model.nodes.get(found.id);
  if (found === undefined || leaf === undefined) return undefined;
  const verdicts = found.verdicts.flatMap(({ measure, limit, found: reached, met, quality }) =>
    reached === undefined ? [] : [{ measure, met, reached, margin: limit - reached, quality }],
  );
  return { leaf, verdicts, recommendation: found };
}

/** `met: 9.6 kB, 2.4 kB to spare` */
export function describeVerdict(verdict: LeafTargetVerdict, translate: Translate): string {
  const reached = inUnit(verdict, verdict.reached, translate);
  const margin = inUnit(verdict, Math.abs(verdict.margin), translate);
  return verdict.met ? translate('met: {0}, {1} to spare', reached, margin) : translate('missed: {0}, {1} too much', reached, margin);
}

export function targetName({ measure, quality }: LeafTargetVerdict, translate: Translate): string {
  return translate(verdictName(measure, quality));
}

function inUnit({ measure, quality }: LeafTargetVerdict, value: number, translate: Translate): string {
  if (measure !== 'accuracy') return formatUnit(measureRow(measure).unit, value);
  const { loss, unit } = qualityTable[quality];
  return loss === 'difference' && unit === 'fraction' ? translate('{0} points', (value * 100).toFixed(2)) : formatLoss(quality, value);
}
