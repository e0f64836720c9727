/** The order in which nodes run, when to stop, and which file to ship. */
import { describeVerdict, checkTargets, meetsTargets } from '../../shared/targets.ts';
import type { Targets } from '../../shared/recipe/targets.ts';
import { bySize, measureRow } from '../../shared/measures.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import { flattenTree } from '../../shared/tree.ts';
import type { TreeEntry, TreeNode } from '../../shared/tree.ts';
import { rootId } from './deployment-tree.ts';

/** Nodes in the order of running; after each level the targets are checked. */
export function levelsOf(tree: TreeNode, untilTargets: boolean): readonly (readonly TreeEntry[])[] {
  const entries = flattenTree(tree);
  if (!untilTargets) return [entries];
  const levels: TreeEntry[][] = [];
  for (const entry of entries) (levels[levelOf(entry)] ??= []).push(entry);
  return levels;
}

/** A deployable node counts to the level of the model that it quantizes: what can be shipped once that level is done. */
function levelOf({ node, level }: TreeEntry): number {
  return node.leaf ? level - 1 : level;
}

export interface Verdict {
  readonly met: boolean;
  /** For the user: which node meets the targets, or what the closest one misses. */
  readonly reason: string;
  /** The smallest that meets them. */
  readonly node?: string;
}

/** Without targets: a loss of one point of top-1 counts as none. */
const USUAL_TARGETS: Targets = { accuracyDrop: 0.01 };

/**
 * Which file to ship when the recipe has no targets: the smallest within a point of the baseline's accuracy, else the
 * most accurate.
 */
export function recommend(tree: TreeNode, results: ReadonlyMap<string, NodeMetrics>): string | undefined {
  const usual = judge(USUAL_TARGETS, tree, results);
  if (usual.node !== undefined) return `smallest within a point of the baseline's accuracy: "${usual.node}"`;
  const accurate = flattenTree(tree)
    .flatMap(({ node }) => {
      const metrics = results.get(node.id);
      const top1 = metrics?.certificate?.passed === false ? undefined : metrics && measureRow('accuracy').value(metrics);
      return node.leaf && top1 !== undefined ? [{ id: node.id, top1 }] : [];
    })
    .toSorted((a, b) => b.top1 - a.top1)[0];
  return accurate === undefined ? undefined : `no file is within a point of the baseline's accuracy; closest: "${accurate.id}"`;
}

/** Whether any deployable node that is done meets all targets; of those that do, the smallest is named. */
export function judge(targets: Targets, tree: TreeNode, results: ReadonlyMap<string, NodeMetrics>): Verdict {
  const baseline = results.get(rootId);
  const leaves = flattenTree(tree).flatMap(({ node }) => {
    const metrics = node.leaf ? results.get(node.id) : undefined;
    return metrics === undefined || metrics.certificate?.passed === false ? [] : [{ node, metrics }];
  });
  const smallestFirst = leaves.toSorted((a, b) => bySize(a.metrics, b.metrics));
  const winner = smallestFirst.find(({ metrics }) => meetsTargets(targets, baseline, metrics));
  if (winner !== undefined)
    return {
      met: true,
      node: winner.node.id,
      reason: `"${winner.node.id}" meets the targets: ${explain(targets, baseline, winner.metrics)}`,
    };
  const misses = ({ metrics }: { readonly metrics: NodeMetrics }): number =>
    checkTargets(targets, baseline, metrics).filter(({ met }) => !met).length;
  const closest = smallestFirst.toSorted((a, b) => misses(a) - misses(b))[0];
  if (closest === undefined) return { met: false, reason: 'no deployable node is done' };
  return {
    met: false,
    reason: `no node meets the targets; closest is "${closest.node.id}": ${explain(targets, baseline, closest.metrics)}`,
  };
}

function explain(targets: Targets, baseline: NodeMetrics | undefined, metrics: NodeMetrics): string {
  return checkTargets(targets, baseline, metrics).map(describeVerdict).join(', ');
}
