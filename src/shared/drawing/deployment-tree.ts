/**
 * The deployment tree as the guide draws it: fine-tuned nodes filled green, collaborative steps with a red dashed
 * border, the technique on the edge, leaves marked; and over it the state of each node.
 * Colours are presentation attributes, so that a page's style sheet can override them by class.
 */
import { describeStatus, stateSymbol, type NodeStatus } from './node-status.ts';
import { escapeXml, svgElement, svgText } from './svg.ts';
import { nodeTitle, nodeTraits, techniqueName } from './technique-names.ts';
import { english } from './translate.ts';
import type { Translate } from './translate.ts';
import { layoutTree, nodeSize } from './tree-layout.ts';
import type { PlacedNode } from './tree-layout.ts';
import type { TreeNode } from '../tree.ts';

export interface TreeDrawing {
  readonly tree: TreeNode;
  readonly statuses: ReadonlyMap<string, NodeStatus>;
  readonly selected?: string | undefined;
  /** Names the drawing for screen readers. */
  readonly label: string;
  readonly translate?: Translate;
  /** `false` for a page without a script: one image with a label, instead of a tree to walk through. */
  readonly interactive?: boolean;
}

const waiting: NodeStatus = { state: { kind: 'waiting' }, result: undefined };
const colours = {
  fineTuned: '#d5f0d5',
  plain: '#ffffff',
  border: '#6e6e6e',
  collaborative: '#c72e2e',
  text: '#1f1f1f',
  progress: '#2b7a2b',
} as const;
const titleLength = 25;
const edgeLabelLength = 20;

/** An SVG element whose nodes carry `data-node` with their id and the roles of a tree. */
export function drawDeploymentTree(drawing: TreeDrawing): string {
  const translate = drawing.translate ?? english;
  const layout = layoutTree(drawing.tree);
  const { interactive = true } = drawing;
  const selected = drawing.selected ?? drawing.tree.id;
  return svgElement(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'deployment-tree',
      role: interactive ? 'tree' : 'img',
      'aria-label': drawing.label,
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      width: layout.width,
      height: layout.height,
      'font-family': 'sans-serif',
      'font-size': 12,
    },
    svgElement('g', { class: 'edges', 'aria-hidden': true }, ...layout.nodes.flatMap((placed) => drawEdge(placed, translate))),
    ...layout.nodes.map((placed) =>
      drawNode(placed, drawing.statuses.get(placed.node.id) ?? waiting, interactive ? placed.node.id === selected : undefined, translate),
    ),
  );
}

function drawEdge(placed: PlacedNode, translate: Translate): readonly string[] {
  const { parent } = placed;
  if (parent === undefined) return [];
  const from = { x: parent.x + nodeSize.width, y: parent.y + nodeSize.height / 2 };
  const to = { x: placed.x, y: placed.y + nodeSize.height / 2 };
  const bend = from.x + 14;
  const label = techniqueName(placed.node.technique, translate);
  return [
    svgElement('path', { class: 'edge', d: `M${from.x} ${from.y}H${bend}V${to.y}H${to.x}`, fill: 'none', stroke: colours.border }),
    ...splitText(label, edgeLabelLength).map((line, index) =>
      svgText(line, { class: 'technique', x: bend + 5, y: to.y + (index === 0 ? -5 : 13), fill: colours.text, 'font-size': 11 }),
    ),
  ];
}

/** In two lines where it is too long for one, the second cut off where even that is too long. */
function splitText(text: string, length: number): readonly string[] {
  const space = text.lastIndexOf(' ', length);
  if (text.length <= length || space < 0) return [text];
  const rest = text.slice(space + 1);
  return [text.slice(0, space), rest.length <= length ? rest : `${rest.slice(0, length - 1)}…`];
}

function drawNode(placed: PlacedNode, status: NodeStatus, selected: boolean | undefined, translate: Translate): string {
  const { node } = placed;
  const { state } = status;
  const classes = [
    'node',
    state.kind,
    ...(node.fineTuned ? ['fine-tuned'] : []),
    ...(node.collaborative ? ['collaborative'] : []),
    ...(node.leaf ? ['leaf'] : []),
    ...(selected === true ? ['selected'] : []),
  ];
  const description = describeStatus(status, translate);
  const title = nodeTitle(node.title, translate);
  return svgElement(
    'g',
    {
      class: classes.join(' '),
      'data-node': node.id,
      ...(selected === undefined ? {} : { role: 'treeitem', tabindex: selected ? 0 : -1 }),
      transform: `translate(${placed.x} ${placed.y})`,
      ...(selected === undefined
        ? {}
        : {
            'aria-level': placed.level,
            'aria-selected': selected ? 'true' : 'false',
          }),
    },
    // Both the name for screen readers and the tooltip; an aria-label would have to repeat the visible text word for word.
    svgElement('title', {}, escapeXml(accessibleName(node, title, description, translate))),
    drawBox(node, selected === true),
    ...(state.kind === 'running' ? [drawProgress(state.fraction)] : []),
    ...splitText(title, titleLength).map((line, index) =>
      svgText(line, { class: 'title', x: 10, y: 19 + index * 15, fill: colours.text, 'font-weight': 600 }),
    ),
    svgText(`${stateSymbol(state)} ${description}`, {
      class: 'status',
      x: 10,
      y: nodeSize.height - 16,
      fill: colours.text,
      'font-size': 11,
    }),
    ...(node.leaf ? drawLeafMark() : []),
  );
}

function drawBox(node: TreeNode, selected: boolean): string {
  return svgElement('rect', {
    class: 'box',
    width: nodeSize.width,
    height: nodeSize.height,
    rx: 6,
    fill: node.fineTuned ? colours.fineTuned : colours.plain,
    stroke: node.collaborative ? colours.collaborative : colours.border,
    'stroke-width': selected ? 3 : 1.5,
    'stroke-dasharray': node.collaborative ? '6 3' : undefined,
  });
}

function drawProgress(fraction: number): string {
  // At the upper edge: the lower one has the mark of a leaf.
  const width = (nodeSize.width - 12) * clamp(fraction);
  return svgElement('rect', { class: 'progress', x: 6, y: 2, width, height: 3, rx: 1.5, fill: colours.progress });
}

/** A folded corner, as of a file that is ready to be taken. */
function drawLeafMark(): readonly string[] {
  const { width, height } = nodeSize;
  return [
    svgElement('path', { class: 'leaf-mark', d: `M${width - 14} ${height}V${height - 14}H${width}Z`, fill: colours.border }),
    svgText('.tflite', { class: 'leaf-label', x: width - 18, y: height - 4, 'text-anchor': 'end', fill: colours.text, 'font-size': 9 }),
  ];
}

function accessibleName(node: TreeNode, title: string, description: string, translate: Translate): string {
  return [title, ...nodeTraits(node, translate), description].filter((trait) => trait !== '').join(', ');
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
