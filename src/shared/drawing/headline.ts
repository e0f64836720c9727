/** The result of a run in one line: the leaf to ship, compared with the trained model and the targets. */
import { mainMeasures, type MeasureId, type MeasureRow, measureRow } from '../measures.ts';
import { briefFigures, floatAccuracy, qualityChange, qualityOf, qualityRow, shownMeasure, shownTitle } from '../measure-figures.ts';
import { type Recommendation, sizeTieOf } from '../recommendation.ts';
import type { Targets } from '../recipe/targets.ts';
import type { NodeMetrics } from '../results.ts';
import type { ModelState } from '../run-state.ts';
import { formatChange } from './format.ts';
import { bestLeaf, budgetLeaves, describeLimits, describeVerdict, targetName } from './target-verdicts.ts';
import { nodeTitle } from './technique-names.ts';
import { describeSamples } from './accuracy-interval.ts';
import type { Translate } from './translate.ts';

export interface HeadlineFigure {
  readonly name: string;
  readonly value: string;
  /** Shown smaller beside the value: the change against the trained model. */
  readonly remark: string;
  /** Whether the change is for the worse. */
  readonly worse: boolean;
}

export interface Headline {
  readonly title: string;
  /** Why this file, on how many examples, and how sure. */
  readonly reason: string;
  readonly node: string;
  readonly nodeTitle: string;
  readonly figures: readonly HeadlineFigure[];
  readonly targets: readonly { readonly met: boolean; readonly text: string }[];
  /** Of a search from several budgets: a file for each. */
  readonly budgets: readonly BudgetFile[];
}

export interface BudgetFile {
  /** `compressed size ≤ 3.5 kB` */
  readonly budget: string;
  readonly node: string;
  readonly nodeTitle: string;
  readonly met: boolean;
  /** `98.12% · 3.4 kB` */
  readonly figures: string;
}

/** Undefined until a leaf is done. */
export function headline(model: ModelState, targets: Targets, translate: Translate): Headline | undefined {
  const best = bestLeaf(model, targets);
  const metrics = best?.leaf.metrics;
  if (best === undefined || metrics === undefined) return undefined;
  const baseline = model.nodes.get(model.tree.id)?.metrics;
  const { verdicts } = best;
  return {
    title: translate('Recommended file'),
    reason: reasonOf(best.recommendation, metrics, targets, translate),
    node: best.leaf.node.id,
    nodeTitle: nodeTitle(best.leaf.node.title, translate),
    figures: mainMeasures.flatMap((id) => figureOf(id, baseline, metrics, translate)),
    targets: verdicts.map((verdict) => ({
      met: verdict.met,
      text: `${targetName(verdict, translate)} ${describeVerdict(verdict, translate)}`,
    })),
    budgets: (model.budgets?.length ?? 0) > 1 ? budgetFiles(model, translate) : [],
  };
}

function budgetFiles(model: ModelState, translate: Translate): readonly BudgetFile[] {
  return budgetLeaves(model).flatMap((found, place): readonly BudgetFile[] => {
    const metrics = found?.leaf.metrics;
    if (found === undefined || metrics === undefined) return [];
    return [
      {
        budget: describeLimits(model.budgets?.[place]?.limits ?? {}, qualityOf(metrics), translate),
        node: found.leaf.node.id,
        nodeTitle: nodeTitle(found.leaf.node.title, translate),
        met: found.verdicts.every(({ met }) => met),
        figures: briefFigures(metrics),
      },
    ];
  });
}

function reasonOf({ reason, passedOver }: Recommendation, metrics: NodeMetrics, targets: Targets, translate: Translate): string {
  const row = qualityRow(metrics);
  const parts = [reasonText(reason, row.loss === 'difference' && row.unit === 'fraction', translate)];
  if (passedOver !== undefined)
    parts.push(translate('more accurate than one that is at most {0}% smaller', Number((sizeTieOf(targets) * 100).toFixed(2))));
  if (metrics.deployed !== undefined) parts.push(describeSamples(metrics, metrics.deployed, translate));
  return parts.join('; ');
}

function reasonText(reason: Recommendation['reason'], inPoints: boolean, translate: Translate): string {
  switch (reason) {
    case 'targets':
      return translate('smallest that meets the targets');
    case 'closest':
      return translate('closest to the targets');
    case 'usual':
      return inPoints ? translate('smallest within 1 point of the trained model') : translate('smallest within 1% of the trained model');
    case 'accurate':
      return inPoints
        ? translate('most accurate; none is within 1 point of the trained model')
        : translate('most accurate; none is within 1% of the trained model');
    case 'budget':
      return translate('most accurate within the budget, on validation examples');
    case 'so-far':
      return translate('most accurate within the budget so far, on test examples; the search chooses on validation examples');
  }
}

/** None for what was not measured. */
function figureOf(id: MeasureId, baseline: NodeMetrics | undefined, metrics: NodeMetrics, translate: Translate): readonly HeadlineFigure[] {
  const row = measureRow(id);
  const after = row.value(metrics);
  if (after === undefined) return [];
  // The file's accuracy is compared with the trained model's in float; other figures with those of its own file.
  // Nor has a float model every form of a file: a packed one is compared with the plain one.
  const before = id === 'accuracy' ? floatAccuracy(baseline) : baseline && (row.value(baseline) ?? plainValue(row, baseline));
  const figure = { name: translate(shownTitle(id, metrics)), value: shownMeasure(id, metrics) };
  if (before === undefined) return [{ ...figure, remark: '', worse: false }];
  const { better, unit } = id === 'accuracy' ? qualityRow(metrics) : row;
  const worse = better === 'higher' ? after < before : after > before;
  const change = id === 'accuracy' && unit !== 'fraction' ? qualityChange(baseline, metrics) : changeOf(row, before, after, translate);
  return [{ ...figure, remark: change, worse }];
}

function plainValue({ savesOf }: MeasureRow, metrics: NodeMetrics): number | undefined {
  return savesOf === undefined ? undefined : measureRow(savesOf).value(metrics);
}

/** In points, or how many times smaller, larger, faster or slower. */
function changeOf({ unit }: MeasureRow, before: number, after: number, translate: Translate): string {
  if (unit === 'fraction') return translate('{0} points', formatChange(after - before));
  if (after === 0 || before === 0) return '';
  const ratio = (Math.max(before, after) / Math.min(before, after)).toFixed(1);
  if (ratio === '1.0') return translate('unchanged');
  const isLess = after < before;
  if (unit === 'milliseconds') return isLess ? translate('{0}× faster', ratio) : translate('{0}× slower', ratio);
  return isLess ? translate('{0}× smaller', ratio) : translate('{0}× larger', ratio);
}
