/** The result of a run in one line: the leaf to ship, compared with the trained model and the targets. */
import { formatMeasure, type MeasureId, measureIds, measureRow } from '../measures.ts';
import type { Targets } from '../recipe/targets.ts';
import type { NodeMetrics } from '../results.ts';
import type { ModelState } from '../run-state.ts';
import { formatChange } from './format.ts';
import { bestLeaf, describeVerdict, targetName } from './target-verdicts.ts';
import type { Translate } from './translate.ts';

export interface HeadlineFigure {
  readonly name: string;
  readonly value: string;
  /** Shown smaller beside the value: the change against the trained model. */
  readonly remark: string;
}

export interface Headline {
  /** Why this leaf. */
  readonly title: string;
  readonly node: string;
  readonly nodeTitle: string;
  readonly figures: readonly HeadlineFigure[];
  readonly targets: readonly { readonly met: boolean; readonly text: string }[];
}

/** Undefined until a leaf is done. */
export function headline(model: ModelState, targets: Targets, translate: Translate): Headline | undefined {
  const best = bestLeaf(model, targets);
  const metrics = best?.leaf.metrics;
  if (best === undefined || metrics === undefined) return undefined;
  const baseline = model.nodes.get(model.tree.id)?.metrics;
  const { verdicts } = best;
  const title =
    verdicts.length === 0
      ? translate('Smallest leaf')
      : verdicts.every(({ met }) => met)
        ? translate('Smallest leaf that meets the targets')
        : translate('Leaf closest to the targets');
  return {
    title,
    node: best.leaf.node.id,
    nodeTitle: translate(best.leaf.node.title),
    figures: measureIds.flatMap((id) => figureOf(id, baseline, metrics, translate)),
    targets: verdicts.map((verdict) => ({
      met: verdict.met,
      text: `${targetName(verdict.measure, translate)} ${describeVerdict(verdict, translate)}`,
    })),
  };
}

/** None for what was not measured. */
function figureOf(id: MeasureId, baseline: NodeMetrics | undefined, metrics: NodeMetrics, translate: Translate): readonly HeadlineFigure[] {
  const row = measureRow(id);
  const after = row.value(metrics);
  if (after === undefined) return [];
  return [{ name: translate(row.title), value: formatMeasure(id, after), remark: remarkOf(id, baseline, after, translate) }];
}

/** The change against the trained model: in points, or how many times smaller. */
function remarkOf(id: MeasureId, baseline: NodeMetrics | undefined, after: number | undefined, translate: Translate): string {
  if (baseline === undefined || after === undefined) return '';
  const { unit, value } = measureRow(id);
  if (unit === 'fraction') {
    const before = baseline.simulated?.top1;
    return before === undefined ? '' : translate('{0} points', formatChange(after - before));
  }
  const before = value(baseline);
  return unit !== 'bytes' || before === undefined || after === 0 ? '' : translate('{0}× smaller', (before / after).toFixed(1));
}
