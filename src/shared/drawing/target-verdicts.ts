/** Whether a run's leaves meet the targets, and by how much. */
import type { PanelTargets } from '../panel-protocol.ts';
import type { ModelState, NodeResult } from '../run-state.ts';

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
  const baseline = model.nodes.get(model.tree.id)?.metrics?.simulated?.top1;
  const judged = [...model.nodes.values()]
    .filter((result) => result.node.leaf && result.metrics !== undefined)
    .map((leaf): LeafVerdict => ({ leaf, verdicts: judge(leaf, baseline, targets) }));
  const metCount = ({ verdicts }: LeafVerdict): number => verdicts.filter((verdict) => verdict.met).length;
  const size = ({ leaf }: LeafVerdict): number => leaf.metrics?.sizes?.gzip ?? Number.MAX_VALUE;
  return judged.toSorted((a, b) => metCount(b) - metCount(a) || size(a) - size(b))[0];
}

function judge(leaf: NodeResult, baseline: number | undefined, targets: PanelTargets): readonly TargetVerdict[] {
  const accuracy = leaf.metrics?.deployed?.top1;
  const reached: Readonly<Record<keyof PanelTargets, number | undefined>> = {
    accuracyDrop: baseline === undefined || accuracy === undefined ? undefined : baseline - accuracy,
    compressedBytes: leaf.metrics?.sizes?.gzip,
    latencyMilliseconds: leaf.metrics?.latency?.medianMilliseconds,
  };
  const keys: readonly (keyof PanelTargets)[] = ['accuracyDrop', 'compressedBytes', 'latencyMilliseconds'];
  return keys.flatMap((target) => {
    const limit = targets[target];
    const value = reached[target];
    return limit === undefined || value === undefined ? [] : [{ target, met: value <= limit, reached: value, margin: limit - value }];
  });
}
