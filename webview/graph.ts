/** The page of the .tflite viewer: its graph. Everything else of the page is there without a script. */
import { isArrayOf, isNumber, isObjectOf, isString, optional, parseChecked } from '../src/shared/checked-json.ts';
import { layOutGraph } from '../src/shared/graph/graph-layout.ts';
import type { GraphEdge, GraphNode, LayerFigures, NetworkGraph } from '../src/shared/graph/network-graph.ts';
import { dagreLayout } from './graph/dagre-layout.ts';
import { graphView } from './graph/graph-view.ts';

const isDifference = (value: unknown): value is GraphNode['difference'] =>
  value === 'same' || value === 'changed' || value === 'first' || value === 'second';

const areFigures = optional(isObjectOf<LayerFigures>({ sparsity: isNumber, uniqueValues: isNumber, roundingError: optional(isNumber) }));

const isGraph = isObjectOf<NetworkGraph>({
  nodes: isArrayOf(
    isObjectOf<GraphNode>({
      id: isNumber,
      title: isString,
      subtitle: isString,
      details: isArrayOf(isString),
      figures: areFigures,
      before: areFigures,
      difference: isDifference,
    }),
  ),
  edges: isArrayOf(isObjectOf<GraphEdge>({ from: isNumber, to: isNumber })),
});

const frame = document.getElementById('graph');
const graph = parseChecked(frame?.dataset['graph'] ?? '', isGraph);
if (frame !== null && graph !== undefined && graph.nodes.length > 0)
  frame.replaceChildren(graphView(graph, layOutGraph(graph, dagreLayout), frame.dataset['comparison'] !== undefined));
