/** Places the nodes of a run's tree: a column for each level, the leaves together in the last one, a row for each leaf. */
import type { TreeNode } from '../tree.ts';

/** Wide enough for the longest short title with two variants. */
export const runNodeSize = { width: 228, height: 64 } as const;
/** Room for edges between two columns. */
const columnGap = { least: 34, most: 120 } as const;
const rowDistance = 74;
const margin = 8;
/** Rows above the root, at most: it stays in view at the top of a tall tree. */
const mostRowsAboveRoot = 3;
/** From the parent's right border to the vertical part of its edges. */
const bend = 16;

export interface RunTreeNode {
  readonly node: TreeNode;
  readonly parent: RunTreeNode | undefined;
  /** Upper left corner, in pixels at scale 1. */
  readonly x: number;
  readonly y: number;
  /** 1 for the root, as ARIA counts. */
  readonly level: number;
  /** Nodes below it that are not shown. */
  readonly hidden: number;
}

export interface RunTreeLayout {
  /** Parents before children, in the order in which keys walk them. */
  readonly nodes: readonly RunTreeNode[];
  readonly width: number;
  readonly height: number;
}

/**
 * @param collapsed ids of nodes whose children are not shown
 * @param width of the place for the drawing, in pixels: columns stand closer or wider apart, within limits
 */
export function layoutRunTree(tree: TreeNode, collapsed: ReadonlySet<string>, width: number): RunTreeLayout {
  const childrenOf = (node: TreeNode): readonly TreeNode[] => (collapsed.has(node.id) ? [] : node.children);
  const depth = depthOf(tree, childrenOf);
  const rows = new Map<TreeNode, number>();
  const count = assignRows(tree, childrenOf, rows, 0);
  rows.set(tree, Math.min(rows.get(tree) ?? 0, mostRowsAboveRoot));
  const gap = depth === 1 ? 0 : (width - 2 * margin - runNodeSize.width * depth) / (depth - 1);
  const columnDistance = runNodeSize.width + Math.min(columnGap.most, Math.max(columnGap.least, Math.floor(gap)));
  const nodes: RunTreeNode[] = [];
  const place = (node: TreeNode, parent: RunTreeNode | undefined, level: number): void => {
    const column = node.children.length === 0 && parent !== undefined ? depth : level;
    const placed: RunTreeNode = {
      node,
      parent,
      level,
      x: margin + (column - 1) * columnDistance,
      y: margin + (rows.get(node) ?? 0) * rowDistance,
      hidden: collapsed.has(node.id) ? countBelow(node) : 0,
    };
    nodes.push(placed);
    for (const child of childrenOf(node)) place(child, placed, level + 1);
  };
  place(tree, undefined, 1);
  return {
    nodes,
    width: 2 * margin + (depth - 1) * columnDistance + runNodeSize.width,
    height: 2 * margin + (count - 1) * rowDistance + runNodeSize.height,
  };
}

/** The line from a node's parent to the node, as the data of an SVG path; undefined for the root. */
export function edgePath({ parent, x, y }: RunTreeNode): string | undefined {
  if (parent === undefined) return undefined;
  const middle = runNodeSize.height / 2;
  const from = parent.x + runNodeSize.width;
  return `M${from} ${parent.y + middle}H${from + bend}V${y + middle}H${x}`;
}

type ChildrenOf = (node: TreeNode) => readonly TreeNode[];

function depthOf(node: TreeNode, childrenOf: ChildrenOf): number {
  return 1 + Math.max(0, ...childrenOf(node).map((child) => depthOf(child, childrenOf)));
}

function countBelow(node: TreeNode): number {
  return node.children.reduce((sum, child) => sum + 1 + countBelow(child), 0);
}

/** A parent stands in the middle of its first and last child. Returns the first free row. */
function assignRows(node: TreeNode, childrenOf: ChildrenOf, rows: Map<TreeNode, number>, firstRow: number): number {
  const children = childrenOf(node);
  const [first] = children;
  const last = children.at(-1);
  if (first === undefined || last === undefined) {
    rows.set(node, firstRow);
    return firstRow + 1;
  }
  let next = firstRow;
  for (const child of children) next = assignRows(child, childrenOf, rows, next);
  rows.set(node, ((rows.get(first) ?? 0) + (rows.get(last) ?? 0)) / 2);
  return next;
}
