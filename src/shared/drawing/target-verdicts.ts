/** Whether a run's leaves meet the targets, and by how much. */
import { type MeasureId, measureRow } from '../measures.ts';
import { formatUnit } from '../measure-figures.ts';
import { formatLoss, qualityTable } from '../qualities.ts';
import type { Targets } from '../recipe/targets.ts';
import type { NodeMetrics, QualityId } from '../results.ts';
import type { BudgetResult, ModelState } from '../run-state.ts';
import type { NodeResult } from '../node-result.ts';
import { type Candidate, type Recommendation, recommendFile, recommendWithin } from '../recommendation.ts';
import { targetMeasures, verdictName } from '../targets.ts';
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

/** The recommended file, with its verdicts; of a search the one of the first budget. */
export function bestLeaf(model: ModelState, targets: Targets): LeafVerdict | undefined {
  const [first] = model.budgets ?? [];
  return verdictOf(model, first === undefined ? recommendFile(leaves(model), baselineOf(model), targets) : within(model, first));
}

/** The file of each budget of a search; undefined where none is measured. */
export function budgetLeaves(model: ModelState): readonly (LeafVerdict | undefined)[] {
  return (model.budgets ?? []).map((budget) => verdictOf(model, within(model, budget)));
}

/** Ids of the nodes that have a star: the recommended file, or that of each budget. */
export function recommendedNodes(model: ModelState, targets: Targets): ReadonlySet<string> {
  const found = model.budgets === undefined ? [bestLeaf(model, targets)] : budgetLeaves(model);
  return new Set(found.flatMap((verdict) => verdict?.leaf.node.id ?? []));
}

function within(model: ModelState, { limits, node }: BudgetResult): Recommendation | undefined {
  return recommendWithin(leaves(model), baselineOf(model), limits, node);
}

function leaves(model: ModelState): readonly Candidate[] {
  return [...model.nodes.values()].flatMap(({ node, metrics }) => (node.leaf && metrics !== undefined ? [{ id: node.id, metrics }] : []));
}

function baselineOf(model: ModelState): NodeMetrics | undefined {
  return model.nodes.get(model.tree.id)?.metrics;
}

function verdictOf(model: ModelState, found: Recommendation | undefined): LeafVerdict | undefined {
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

/** `compressed size ≤ 3.5 kB, accuracy drop ≤ 1.00 points` */
export function describeLimits(limits: Targets, quality: QualityId, translate: Translate): string {
  return targetMeasures
    .flatMap(({ measure, target }) => {
      const limit = limits[target];
      return limit === undefined ? [] : [`${translate(verdictName(measure, quality))} ≤ ${inUnit({ measure, quality }, limit, translate)}`];
    })
    .join(', ');
}

function inUnit({ measure, quality }: Pick<LeafTargetVerdict, 'measure' | 'quality'>, value: number, translate: Translate): string {
  if (measure !== 'accuracy') return formatUnit(measureRow(measure).unit, value);
  const { loss, unit } = qualityTable[quality];
  if (loss !== 'difference' || unit !== 'fraction') return formatLoss(quality, value);
  const points = (Math.abs(value) * 100).toFixed(2);
  // A file may be more accurate than the trained model.
  return value < 0 && Number(points) > 0 ? translate('{0} points gained', points) : translate('{0} points', points);
}
