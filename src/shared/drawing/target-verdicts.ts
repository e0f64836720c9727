/** Whether a run's leaves meet the targets, and by how much. */
import { bySize, formatUnit, type MeasureId, measureRow } from '../measures.ts';
import type { Targets } from '../recipe/targets.ts';
import type { ModelState, NodeResult } from '../run-state.ts';
import { checkTargets } from '../targets.ts';
import type { Translate } from './translate.ts';

export interface LeafTargetVerdict {
  readonly measure: MeasureId;
  readonly met: boolean;
  /** What the leaf reached, in the target's unit. */
  readonly reached: number;
  /** Target less what was reached: positive when there is room. */
  readonly margin: number;
}

export interface LeafVerdict {
  readonly leaf: NodeResult;
  readonly verdicts: readonly LeafTargetVerdict[];
}

/** The leaf to judge the targets by: it meets the most of them, and of such leaves it is the smallest. */
export function bestLeaf(model: ModelState, targets: Targets): LeafVerdict | undefined {
  const baseline = model.nodes.get(model.tree.id)?.metrics;
  const judged = [...model.nodes.values()].flatMap((leaf): LeafVerdict[] => {
    const { metrics } = leaf;
    // A file that is not what it claims to be is no candidate.
    if (!leaf.node.leaf || metrics === undefined || metrics.certificate?.passed === false) return [];
    const verdicts = checkTargets(targets, baseline, metrics).flatMap(({ measure, limit, found, met }) =>
      found === undefined ? [] : [{ measure, met, reached: found, margin: limit - found }],
    );
    return [{ leaf, verdicts }];
  });
  const metCount = ({ verdicts }: LeafVerdict): number => verdicts.filter((verdict) => verdict.met).length;
  return judged.toSorted((a, b) => metCount(b) - metCount(a) || bySize(a.leaf.metrics, b.leaf.metrics))[0];
}

/** `met: 9.6 kB, 2.4 kB to spare` */
export function describeVerdict(verdict: LeafTargetVerdict, translate: Translate): string {
  const reached = inUnit(verdict, verdict.reached, translate);
  const margin = inUnit(verdict, Math.abs(verdict.margin), translate);
  return verdict.met ? translate('met: {0}, {1} to spare', reached, margin) : translate('missed: {0}, {1} too much', reached, margin);
}

export function targetName(measure: MeasureId, translate: Translate): string {
  return translate(measureRow(measure).target?.name ?? measureRow(measure).title);
}

function inUnit({ measure }: LeafTargetVerdict, value: number, translate: Translate): string {
  const { unit } = measureRow(measure);
  return unit === 'fraction' ? translate('{0} points', (value * 100).toFixed(2)) : formatUnit(unit, value);
}
