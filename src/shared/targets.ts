import type { NodeMetrics } from './results.ts';
import type { Targets } from './recipe/targets.ts';

/** One target against what was measured; a target that could not be measured is not met. */
export interface TargetVerdict {
  readonly target: keyof Targets;
  readonly limit: number;
  readonly found: number | undefined;
  readonly met: boolean;
}

/** Each given target, for one deployable node. Accuracy is compared with the baseline's float top-1. */
export function checkTargets(targets: Targets, baseline: NodeMetrics | undefined, leaf: NodeMetrics): readonly TargetVerdict[] {
  const before = baseline?.simulated?.top1 ?? baseline?.deployed?.top1;
  const after = leaf.deployed?.top1;
  const found: Readonly<Record<keyof Targets, number | undefined>> = {
    accuracyDrop: before === undefined || after === undefined ? undefined : before - after,
    compressedBytes: leaf.sizes?.gzip,
    latencyMilliseconds: leaf.latency?.medianMilliseconds,
  };
  const names: readonly (keyof Targets)[] = ['accuracyDrop', 'compressedBytes', 'latencyMilliseconds'];
  return names.flatMap((target) => {
    const limit = targets[target];
    const value = found[target];
    return limit === undefined ? [] : [{ target, limit, found: value, met: value !== undefined && value <= limit + tolerance(target) }];
  });
}

/** Differences of fractions carry rounding: 0.98 - 0.97 is a little more than 0.01. */
function tolerance(target: keyof Targets): number {
  return target === 'accuracyDrop' ? 1e-9 : 0;
}

export function meetsTargets(targets: Targets, baseline: NodeMetrics | undefined, leaf: NodeMetrics): boolean {
  return checkTargets(targets, baseline, leaf).every(({ met }) => met);
}

export function hasTargets(targets: Targets | undefined): targets is Targets {
  return targets !== undefined && Object.values(targets).some((limit) => limit !== undefined);
}

export function describeVerdict({ target, limit, found, met }: TargetVerdict): string {
  const relation = found === undefined ? 'not measured, wanted' : met ? 'within' : 'above';
  switch (target) {
    case 'accuracyDrop':
      return `accuracy drop ${points(found)} ${relation} ${points(limit)}`.replace('  ', ' ');
    case 'compressedBytes':
      return `compressed size ${bytes(found)} ${relation} ${bytes(limit)}`.replace('  ', ' ');
    case 'latencyMilliseconds':
      return `latency ${milliseconds(found)} ${relation} ${milliseconds(limit)}`.replace('  ', ' ');
  }
}

function points(fraction: number | undefined): string {
  return fraction === undefined ? '' : `${(fraction * 100).toFixed(2)} points`;
}

function bytes(count: number | undefined): string {
  return count === undefined ? '' : `${count} bytes`;
}

function milliseconds(time: number | undefined): string {
  return time === undefined ? '' : `${time.toFixed(3)} ms`;
}
