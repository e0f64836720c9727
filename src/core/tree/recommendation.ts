/** The order in which nodes run, when to stop, and which file to ship. */
import { qualityRow } from '../../shared/measure-figures.ts';
import { qualityTable } from '../../shared/qualities.ts';
import { describeVerdict } from '../../shared/targets.ts';
import { type Candidate, type Recommendation, recommendFile, sizeTieOf } from '../../shared/recommendation.ts';
import type { Targets } from '../../shared/recipe/targets.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import { flattenTree, titleIn } from '../../shared/tree.ts';
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
  /** Of a search from budgets: the node of each, by its place from 0. */
  readonly chosen?: readonly { readonly node: string; readonly budget: number }[];
  /** Of a search that was cancelled: what it had compared by then. */
  readonly cancelled?: boolean;
}

/** Which file to ship where nothing was asked for, and why. */
export function recommend(tree: TreeNode, results: ReadonlyMap<string, NodeMetrics>, targets?: Targets): string | undefined {
  const found = recommendFile(candidatesOf(tree, results), results.get(rootId), targets);
  if (found === undefined) return undefined;
  const { title, loss } = qualityRow(found.metrics);
  const limit = loss === 'difference' ? "a point of the baseline's" : "1% of the baseline's";
  const name = title === qualityTable.accuracy.title ? 'accuracy' : title;
  return found.reason === 'usual'
    ? `smallest within ${limit} ${name}: ${titleIn(tree, found.id)}${tieNote(found, tree, targets)}`
    : `no file is within ${limit} ${name}; closest: ${titleIn(tree, found.id)}`;
}

/** Whether any deployable node that is done meets all targets, and which is recommended. */
export function judge(targets: Targets, tree: TreeNode, results: ReadonlyMap<string, NodeMetrics>): Verdict {
  const found = recommendFile(candidatesOf(tree, results), results.get(rootId), targets);
  if (found === undefined) return { met: false, reason: 'no deployable node is done' };
  const verdicts = found.verdicts.map(describeVerdict).join(', ');
  return found.reason === 'targets'
    ? { met: true, node: found.id, reason: `${titleIn(tree, found.id)} meets the targets: ${verdicts}${tieNote(found, tree, targets)}` }
    : { met: false, reason: `no node meets the targets; closest is ${titleIn(tree, found.id)}: ${verdicts}` };
}

function candidatesOf(tree: TreeNode, results: ReadonlyMap<string, NodeMetrics>): readonly Candidate[] {
  return flattenTree(tree).flatMap(({ node }) => {
    const metrics = node.leaf ? results.get(node.id) : undefined;
    return metrics === undefined ? [] : [{ id: node.id, metrics }];
  });
}

function tieNote({ passedOver }: Recommendation, tree: TreeNode, targets: Targets | undefined): string {
  return passedOver === undefined
    ? ''
    : `, more accurate than ${titleIn(tree, passedOver.id)}, which is at most ${Number((sizeTieOf(targets) * 100).toFixed(2))}% smaller`;
}
