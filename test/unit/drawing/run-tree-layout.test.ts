import { describe, expect, it } from 'vitest';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';
import { edgePath, layoutRunTree, runNodeSize } from '../../../src/shared/drawing/run-tree-layout.ts';
import { exampleTree } from '../../support/example-run.ts';

const variants = { pruning: [{}, { name: '75' }], clustering: [{}, { name: '8' }], sparsityPreservingClustering: [{}, { name: '8' }] };
const trees = [
  ['the guide’s tree', exampleTree],
  ['a tree with variants', planTree(variants).root],
  ['a tree with controls', planTree(variants, { controls: true }).root],
  ['a single node', { ...exampleTree, children: [] }],
] as const;
const all = new Set<string>();

describe.each(trees)('%s as a run shows it', (_, tree) => {
  const { nodes, width, height } = layoutRunTree(tree, all, 1400);

  it('lets no two nodes overlap, and stays within its size', () => {
    for (const [index, node] of nodes.entries()) {
      expect(node.x + runNodeSize.width).toBeLessThanOrEqual(width);
      expect(node.y + runNodeSize.height).toBeLessThanOrEqual(height);
      for (const other of nodes.slice(index + 1)) {
        expect(Math.abs(node.x - other.x) >= runNodeSize.width || Math.abs(node.y - other.y) >= runNodeSize.height).toBe(true);
      }
    }
  });

  it('has its leaves in the last column and its root near the top', () => {
    const leaves = nodes.filter(({ node, parent }) => node.children.length === 0 && parent !== undefined);
    expect(new Set(leaves.map(({ x }) => x)).size).toBeLessThanOrEqual(1);
    expect(Math.max(...nodes.map(({ x }) => x))).toBe(leaves[0]?.x ?? nodes[0]?.x);
    expect(nodes[0]?.y).toBeLessThan(300);
  });

  it('lets no edge pass through a node that it does not join', () => {
    for (const edge of nodes) {
      if (edge.parent === undefined) continue;
      const y = edge.y + runNodeSize.height / 2;
      const from = edge.parent.x + runNodeSize.width;
      const crossed = nodes.filter(
        (node) =>
          node !== edge &&
          node !== edge.parent &&
          node.x < edge.x &&
          node.x + runNodeSize.width > from + 16 &&
          node.y < y &&
          node.y + runNodeSize.height > y,
      );
      expect(crossed.map(({ node }) => node.id)).toEqual([]);
      expect(edgePath(edge)).toBe(`M${from} ${edge.parent.y + runNodeSize.height / 2}H${from + 16}V${y}H${edge.x}`);
    }
  });
});

describe('the layout of a run’s tree', () => {
  it('leaves out what is below a collapsed node, and counts it', () => {
    const { nodes } = layoutRunTree(exampleTree, new Set(['pruned']), 1400);
    expect(nodes.map(({ node }) => node.id)).toEqual(['baseline', 'ptq', 'qat', 'pruned', 'clustered', 'clustered/ptq', 'clustered/cqat']);
    expect(nodes.find(({ node }) => node.id === 'pruned')?.hidden).toBe(5);
  });

  it('takes the width that it has, within limits', () => {
    const widthFor = (width: number): number => layoutRunTree(exampleTree, all, width).width;
    expect(widthFor(1100)).toBeLessThanOrEqual(1100);
    expect(widthFor(1100)).toBeGreaterThan(1090);
    expect(widthFor(100)).toBe(16 + 4 * runNodeSize.width + 3 * 34);
    expect(widthFor(9000)).toBe(16 + 4 * runNodeSize.width + 3 * 120);
  });
});
