import { describe, expect, it } from 'vitest';
import { drawDeploymentTree } from '../../../src/shared/drawing/deployment-tree.ts';
import type { NodeStatus } from '../../../src/shared/drawing/node-status.ts';
import { layoutTree, nodeSize } from '../../../src/shared/drawing/tree-layout.ts';
import { exampleTree } from '../../support/example-run.ts';

const label = 'Deployment tree';

describe('the deployment tree', () => {
  it('is drawn as committed before a run', async () => {
    await expect(drawDeploymentTree({ tree: exampleTree, statuses: new Map(), label })).toMatchFileSnapshot('golden/waiting.svg');
  });

  it('is drawn as committed in the middle of a run', async () => {
    const statuses = new Map<string, NodeStatus>([
      ['baseline', { state: { kind: 'done', cached: false }, result: '98.13% · 77.1 kB' }],
      ['ptq', { state: { kind: 'done', cached: true }, result: '98.09% · 20.1 kB' }],
      ['qat', { state: { kind: 'failed', message: 'the loss is not a number' }, result: undefined }],
      ['pruned', { state: { kind: 'running', fraction: 0.437 }, result: undefined }],
      ['clustered', { state: { kind: 'skipped', reason: 'the targets are met' }, result: undefined }],
    ]);
    await expect(drawDeploymentTree({ tree: exampleTree, statuses, selected: 'pruned', label })).toMatchFileSnapshot('golden/running.svg');
  });

  it('lets no two nodes overlap and puts children to the right of their parent', () => {
    const { nodes, width, height } = layoutTree(exampleTree);
    for (const [index, node] of nodes.entries()) {
      expect(node.x + nodeSize.width).toBeLessThanOrEqual(width);
      expect(node.y + nodeSize.height).toBeLessThanOrEqual(height);
      if (node.parent !== undefined) expect(node.x).toBeGreaterThan(node.parent.x + nodeSize.width);
      for (const other of nodes.slice(index + 1)) {
        expect(Math.abs(node.x - other.x) >= nodeSize.width || Math.abs(node.y - other.y) >= nodeSize.height).toBe(true);
      }
    }
  });

  it('has exactly one node in the tab order', () => {
    const svg = drawDeploymentTree({ tree: exampleTree, statuses: new Map(), selected: 'pruned', label });
    expect(svg.match(/tabindex="0"/g)).toHaveLength(1);
    expect(svg.match(/tabindex="-1"/g)).toHaveLength(11);
  });

  it('escapes what a title may hold', () => {
    const svg = drawDeploymentTree({ tree: { ...exampleTree, title: '<b> & "x"', children: [] }, statuses: new Map(), label });
    expect(svg).not.toContain('<b>');
    expect(svg).toContain('&#60;b&#62; &#38; &#34;x&#34;');
  });
});
