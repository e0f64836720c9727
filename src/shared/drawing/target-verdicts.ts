/** Whether a run's leaves meet the targets, and by how much. */
import type { PanelTargets } from '../panel-protocol.ts';
import type { ModelState, NodeResult } from '../run-state.ts';
import { checkTargets } from '../targets.ts';
import { formatBytes, formatMilliseconds } from './format.ts';
import type { Translate } from './translate.ts';

export interface TargetVerdict {
  readonly target: keyof PanelTargets;
  readonly met: boolean;
  /** What the leaf reached, in the target's unit. */
  readonly reached: number;
  /** Target less what was reached: positive when there is room. */
  readonly margin: number;
}

export interface LeafVerdict {
  readonly leaf: NodeResult;
  readonly verdicts: readonly TargetVerdict[];
}

/** The leaf to judge the targets by: it meets the most of them, and of such leaves it is the smallest. */
export function bestLeaf(model: ModelState, targets: PanelTargets): LeafVerdict | undefined {
  const baseline = model.nodes.get(model.tree.id)?.metrics;
  const judged = [...model.nodes.values()].flatMap((leaf): LeafVerdict[] => {
    const { metrics } = leaf;
    // A file that is not what it claims to be is no candidate.
    if (!leaf.node.leaf || metrics === undefined || metrics.certificate?.passed === false) return [];
    const verdicts = checkTargets(targets, baseline, metrics).flatMap(({ target, limit, found, met }) =>
      found === undefined ? [] : [{ target, met, reached: found, margin: limit - found }],
    );
    return [{ leaf, verdicts }];
  });
  const metCount = ({ verdicts }: LeafVerdict): number => verdicts.filter((verdict) => verdict.met).length;
  const size = ({ leaf }: LeafVerdict): number => leaf.metrics?.sizes?.gzip ?? Number.MAX_VALUE;
  return judged.toSorted((a, b) => metCount(b) - metCount(a) || size(a) - size(b))[0];
}

/** `met: 9.6 kB, 2.4 kB to spare` */
export function describeVerdict(verdict: TargetVerdict, translate: Translate): string {
  const reached = inUnit(verdict, verdict.reached, translate);
  const margin = inUnit(verdict, Math.abs(verdict.margin), translate);
  return verdict.met ? translate('met: {0}, {1} to spare', reached, margin) : translate('missed: {0}, {1} too much', reached, margin);
}

export function targetName(target: keyof PanelTargets, translate: Translate): string {
  switch (target) {
    case 'accuracyDrop':
      return translate('accuracy drop');
    case 'compressedBytes':
      return translate('compressed size');
    case 'latencyMilliseconds':
      return translate('latency');
  }
}

function inUnit({ target }: TargetVerdict, value: number, translate: Translate): string {
  switch (target) {
    case 'accuracyDrop':
      return translate('{0} points', (value * 100).toFixed(2));
    case 'compressedBytes':
      return formatBytes(value);
    case 'latencyMilliseconds':
      return formatMilliseconds(value);
  }
}
