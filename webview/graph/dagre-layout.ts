/** The only module that uses dagre. */
import { Graph, layout } from '@dagrejs/dagre';
import type { LayOutPiece } from '../../src/shared/graph/graph-layout.ts';

export const dagreLayout: LayOutPiece = (count, edges, size, gap) => {
  const graph = new Graph();
  graph.setGraph({ nodesep: gap.x, ranksep: gap.y, ranker: 'longest-path' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (let node = 0; node < count; node += 1) graph.setNode(String(node), { ...size });
  for (const { from, to } of edges) graph.setEdge(String(from), String(to));
  layout(graph);
  return Array.from({ length: count }, (_, node) => {
    const { x = 0, y = 0 } = graph.node(String(node));
    return { x, y };
  });
};
