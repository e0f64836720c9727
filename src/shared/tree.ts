import type { FailureCause } from './errors.ts';
import type { TechniqueId } from './techniques.ts';

/** What made a node: a technique, or for the root nothing. */
export type NodeTechnique = 'baseline' | TechniqueId;

/** Between the title of a node and the names of its variants. */
export const titleSeparator = ' · ';

/** A node of the deployment tree: a model, reached from its parent by a technique. */
export interface TreeNode {
  /** Unique in the tree and stable from run to run: `pruned/clustered/pcqat`. */
  readonly id: string;
  readonly technique: NodeTechnique;
  /** Title in English, with the variants that the node comes from: `Pruned, clustered model · 50% · 16`. */
  readonly title: string;
  readonly precision: 'fp32' | 'int8';
  readonly fineTuned: boolean;
  /** Whether it preserves what its parent achieved. */
  readonly collaborative: boolean;
  /** Ready to deploy: an int8 .tflite. */
  readonly leaf: boolean;
  readonly children: readonly TreeNode[];
}

/** A job that waits in the queue of a scheduler. */
export interface QueuedJob {
  readonly job: string;
  /** As the scheduler reports it: `Priority`, `Resources`. */
  readonly reason: string | undefined;
}

export type NodeState =
  /** `notRun`: its run has ended without it. */
  | { readonly kind: 'waiting'; readonly queued?: QueuedJob | undefined; readonly notRun?: true | undefined }
  | { readonly kind: 'running'; readonly fraction: number; readonly host?: string | undefined }
  | { readonly kind: 'done'; readonly cached: boolean }
  | { readonly kind: 'failed'; readonly message: string; readonly cause?: FailureCause | undefined }
  | { readonly kind: 'skipped'; readonly reason: string };

export interface TreeEntry {
  readonly node: TreeNode;
  readonly parent: TreeNode | undefined;
  /** 0 for the root. */
  readonly level: number;
}

/** Every node, parents before children, in the order in which they are drawn. */
export function flattenTree(tree: TreeNode): readonly TreeEntry[] {
  const visit = (node: TreeNode, parent: TreeNode | undefined, level: number): readonly TreeEntry[] => [
    { node, parent, level },
    ...node.children.flatMap((child) => visit(child, node, level + 1)),
  ];
  return visit(tree, undefined, 0);
}

/** A node as the user sees it; ids are for files. */
export function titleIn(tree: TreeNode, id: string): string {
  return flattenTree(tree).find(({ node }) => node.id === id)?.node.title ?? id;
}
