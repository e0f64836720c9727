/** Places a deployment tree on the plane: the root at the left, one row for each leaf. */
import type { TreeNode } from '../tree.ts';

export const nodeSize = { width: 200, height: 66 } as const;
const levelDistance = 330;
const rowDistance = 78;
const margin = 12;

export interface PlacedNode {
  readonly node: TreeNode;
  readonly parent: PlacedNode | undefined;
  /** Upper left corner, in pixels at scale 1. */
  readonly x: number;
  readonly y: number;
  /** 1 for the root, as ARIA counts. */
  readonly level: number;
}

export interface TreeLayout {
  /** Parents before children. */
  readonly nodes: readonly PlacedNode[];
  readonly width: number;
  readonly height: number;
}

export function layoutTree(tree: TreeNode): TreeLayout {
  const rows = new Map<TreeNode, number>();
  const leaves = assignRows(tree, rows, 0);
  const nodes: PlacedNode[] = [];
  const place = (node: TreeNode, parent: PlacedNode | undefined, level: number): void => {
    const placed: PlacedNode = {
      node,
      parent,
      level,
      x: margin + (level - 1) * levelDistance,
      y: margin + (rows.get(node) ?? 0) * rowDistance,
    };
    nodes.push(placed);
    for (const child of node.children) place(child, placed, level + 1);
  };
  place(tree, undefined, 1);
  const depth = Math.max(...nodes.map((placed) => placed.level));
  return {
    nodes,
    width: 2 * margin + (depth - 1) * levelDistance + nodeSize.width,
    height: 2 * margin + (leaves - 1) * rowDistance + nodeSize.height,
  };
}

/** A parent stands in the middle of its first and last child. Returns the first free row. */
function assignRows(node: TreeNode, rows: Map<TreeNode, number>, firstRow: number): number {
  const [first] = node.children;
  const last = node.children.at(-1);
  if (first === undefined || last === undefined) {
    rows.set(node, firstRow);
    return firstRow + 1;
  }
  let next = firstRow;
  for (const child of node.children) next = assignRows(child, rows, next);
  rows.set(node, ((rows.get(first) ?? 0) + (rows.get(last) ?? 0)) / 2);
  return next;
}
