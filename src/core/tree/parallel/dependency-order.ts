import type { TreeEntry, TreeNode } from '../../../shared/tree.ts';

export interface DependencyOrder {
  /** The next node whose parent is done, or has none among these; undefined while there is none. */
  take(): TreeEntry | undefined;
  done(node: string): void;
}

/**
 * The order in which nodes start: that of the tree, or for several at once those with the longest path below them first,
 * since the longest path decides when all are done.
 */
export function dependencyOrder(entries: readonly TreeEntry[], longestPathFirst: boolean): DependencyOrder {
  const inside = new Set(entries.map(({ node }) => node.id));
  const finished = new Set<string>();
  const sorted = longestPathFirst ? entries.toSorted((a, b) => trainedDepth(b.node) - trainedDepth(a.node)) : entries;
  const waiting = [...sorted];
  const isReady = ({ parent }: TreeEntry): boolean => parent === undefined || !inside.has(parent.id) || finished.has(parent.id);
  return {
    take() {
      const index = waiting.findIndex(isReady);
      return index < 0 ? undefined : waiting.splice(index, 1)[0];
    },
    done: (node) => void finished.add(node),
  };
}

/** Training stages on the longest path down from a node, itself included. */
function trainedDepth(node: TreeNode): number {
  return (node.fineTuned ? 1 : 0) + Math.max(0, ...node.children.map(trainedDepth));
}
