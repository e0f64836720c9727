/**
 * Where every deployable node misses the accuracy target, the branch that comes closest is grown again with a lower
 * sparsity, or with more clusters where nothing is pruned: by bisection, within a budget of trained stages.
 */
import { measureRow } from '../../shared/measures.ts';
import { bySize } from '../../shared/measure-figures.ts';
import { checkTargets, meetsTargets, missesAccuracyAlone } from '../../shared/targets.ts';
import type { SearchOptions, Targets } from '../../shared/recipe/targets.ts';
import { flattenTree, titleSeparator } from '../../shared/tree.ts';
import type { TreeEntry, TreeNode } from '../../shared/tree.ts';
import { rootId } from './deployment-tree.ts';
import type { PlannedTree, Stage } from './deployment-tree.ts';
import type { TreeWalker } from './tree-walker.ts';
import { defaultClusters, xnnpackSparsity } from '../../shared/recipe/defaults.ts';
import { sparsityOf } from '../../shared/recipe/pruning-options.ts';

const DEFAULT_STAGES = 6;
const MOST_CLUSTERS = 256;
/** A smaller difference of sparsity does not show in the accuracy. */
const FINEST_SPARSITY = 0.02;

/** A setting that is searched by bisection, between a value that keeps accuracy and one that loses too much of it. */
interface SearchedSetting {
  readonly node: string;
  readonly lenient: number;
  readonly strict: number;
  middle(lenient: number, strict: number): number | undefined;
  describe(value: number): string;
  apply(stage: Stage, value: number): Stage;
}

export async function searchTargets(
  walker: TreeWalker,
  targets: Targets,
  { stages = DEFAULT_STAGES }: SearchOptions,
  report: (message: string) => void,
): Promise<void> {
  const leaf = closestLeaf(walker, targets);
  const path = leaf === undefined ? [] : pathOf(walker.tree.root, leaf);
  const setting = searchedSetting(path, walker.tree);
  const branchPoint = path.findIndex(({ node }) => node.id === setting?.node);
  if (leaf === undefined || setting === undefined || branchPoint < 0) {
    report('search: no node misses the accuracy target alone, so another sparsity or cluster count would not help');
    return;
  }
  const branch = path.slice(branchPoint);
  const cost = branch.filter(({ node }) => node.fineTuned).length;
  let { lenient, strict } = setting;
  for (let left = stages; left >= cost; left -= cost) {
    const value = setting.middle(lenient, strict);
    if (value === undefined) return;
    report(`search: "${leaf}" again with ${setting.describe(value)} (${left} of ${stages} stages left)`);
    const variant = growVariant(walker.tree, branch, value, setting);
    walker.grow(variant.tree);
    await walker.visitAll(variant.entries);
    const metrics = walker.results.get(variant.leaf);
    if (metrics === undefined) return;
    const tooMuch = checkTargets(targets, walker.results.get(rootId), metrics).some(
      ({ measure, met }) => measureRow(measure).better === 'higher' && !met,
    );
    if (tooMuch) strict = value;
    else lenient = value;
  }
}

/** The smallest of the leaves that miss only the accuracy target: the search gives up size for accuracy. */
function closestLeaf({ tree, results }: TreeWalker, targets: Targets): string | undefined {
  const baseline = results.get(rootId);
  const candidates = flattenTree(tree.root).flatMap(({ node }) => {
    const metrics = node.leaf ? results.get(node.id) : undefined;
    if (metrics === undefined || meetsTargets(targets, baseline, metrics)) return [];
    const isAccuracyAlone = missesAccuracyAlone(checkTargets(targets, baseline, metrics));
    const onPath = searchedSetting(pathOf(tree.root, node.id), tree) !== undefined;
    return isAccuracyAlone && onPath ? [{ id: node.id, metrics }] : [];
  });
  return candidates.toSorted((a, b) => bySize(a.metrics, b.metrics))[0]?.id;
}

function pathOf(root: TreeNode, id: string): readonly TreeEntry[] {
  const entries = new Map(flattenTree(root).map((entry) => [entry.node.id, entry]));
  const path: TreeEntry[] = [];
  for (let entry = entries.get(id); entry !== undefined; entry = entry.parent === undefined ? undefined : entries.get(entry.parent.id))
    path.unshift(entry);
  return path;
}

function searchedSetting(path: readonly TreeEntry[], { stages }: PlannedTree): SearchedSetting | undefined {
  for (const { node } of path) {
    const stage = stages.get(node.id);
    if (stage?.technique === 'pruning') {
      return {
        node: node.id,
        // Below it, the kernels would not be sparse.
        lenient: stage.options.structure === 'xnnpack' ? xnnpackSparsity.least : 0,
        strict: sparsityOf(stage.options),
        middle: (lenient, strict) => (strict - lenient < 2 * FINEST_SPARSITY ? undefined : Math.round((lenient + strict) * 500) / 1000),
        describe: (value) => `sparsity ${value}`,
        apply: (changed, sparsity) =>
          changed.technique === 'pruning' ? { ...changed, options: { ...changed.options, sparsity } } : changed,
      };
    }
    if (stage?.technique === 'clustering') {
      return {
        node: node.id,
        lenient: MOST_CLUSTERS,
        strict: stage.options.clusters ?? defaultClusters,
        middle: (lenient, strict) => (lenient - strict < 2 ? undefined : Math.round(Math.sqrt(lenient * strict))),
        describe: (value) => `${value} clusters`,
        apply: (changed, clusters) =>
          changed.technique === 'clustering' ? { ...changed, options: { ...changed.options, clusters } } : changed,
      };
    }
  }
  return undefined;
}

interface Variant {
  readonly tree: PlannedTree;
  readonly entries: readonly TreeEntry[];
  readonly leaf: string;
}

/** The branch once more under its parent, with another value of the setting: `pruned-0.25`, `pruned-0.25/pqat`. */
function growVariant({ root, stages }: PlannedTree, branch: readonly TreeEntry[], value: number, setting: SearchedSetting): Variant {
  const suffix = `-${value}`;
  const renamed = (id: string): string => `${setting.node}${suffix}${id.slice(setting.node.length)}`;
  const grown = new Map(stages);
  let child: TreeNode | undefined;
  for (const { node } of branch.toReversed()) {
    const stage = stages.get(node.id);
    if (stage !== undefined) grown.set(renamed(node.id), node.id === setting.node ? setting.apply(stage, value) : stage);
    child = {
      ...node,
      id: renamed(node.id),
      title: `${node.title}${titleSeparator}${setting.describe(value)}`,
      children: child === undefined ? [] : [child],
    };
  }
  const top = branch[0];
  const under = (node: TreeNode): TreeNode =>
    node.id === top?.parent?.id && child !== undefined
      ? { ...node, children: [...node.children, child] }
      : { ...node, children: node.children.map(under) };
  const tree = { root: under(root), stages: grown };
  const leaf = renamed(branch.at(-1)?.node.id ?? setting.node);
  return { tree, leaf, entries: pathOf(tree.root, leaf).slice(-branch.length) };
}
