/** What a run comes to in one line: the leaf to ship, against the trained model and the targets. */
import type { PanelTargets } from '../panel-protocol.ts';
import type { ModelState } from '../run-state.ts';
import { formatBytes, formatChange, formatMilliseconds, formatPercent } from './format.ts';
import { bestLeaf, describeVerdict, targetName } from './target-verdicts.ts';
import type { Translate } from './translate.ts';

export interface HeadlineFigure {
  readonly name: string;
  readonly value: string;
  /** Beside the value, quieter: the change against the trained model. */
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
export function headline(model: ModelState, targets: PanelTargets, translate: Translate): Headline | undefined {
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
  const before = baseline?.simulated?.top1;
  const after = metrics.deployed?.top1;
  return {
    title,
    node: best.leaf.node.id,
    nodeTitle: translate(best.leaf.node.title),
    figures: [
      {
        name: translate('INT8 top-1'),
        value: formatPercent(after),
        remark: before === undefined || after === undefined ? '' : translate('{0} points', formatChange(after - before)),
      },
      {
        name: translate('Compressed'),
        value: formatBytes(metrics.sizes?.gzip),
        remark: timesSmaller(baseline?.sizes?.gzip, metrics.sizes?.gzip, translate),
      },
      {
        name: translate('Size'),
        value: formatBytes(metrics.sizes?.raw),
        remark: timesSmaller(baseline?.sizes?.raw, metrics.sizes?.raw, translate),
      },
      { name: translate('Latency'), value: formatMilliseconds(metrics.latency?.medianMilliseconds), remark: '' },
    ],
    targets: verdicts.map((verdict) => ({
      met: verdict.met,
      text: `${targetName(verdict.target, translate)} ${describeVerdict(verdict, translate)}`,
    })),
  };
}

function timesSmaller(before: number | undefined, after: number | undefined, translate: Translate): string {
  return before === undefined || after === undefined || after === 0 ? '' : translate('{0}× smaller', (before / after).toFixed(1));
}
