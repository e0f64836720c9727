import { edgePath, layoutRunTree, runNodeSize, type RunTreeLayout } from '../../src/shared/drawing/run-tree-layout.ts';
import { bestLeaf, recommendedNodes } from '../../src/shared/drawing/target-verdicts.ts';
import { pathTo, type ModelState } from '../../src/shared/run-state.ts';
import type { TreeNode } from '../../src/shared/tree.ts';
import { iconButton } from '../controls.ts';
import { element, section, setAttribute, svg } from '../dom.ts';
import { pageData, translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, PanelState, View } from '../panel-state.ts';
import { treeLegend } from '../tree/legend.ts';
import { createNodeElement, type NodeElement } from '../tree/node-element.ts';
import { treeStep } from '../tree/tree-keys.ts';

/** Below this width the tree is an indented list. */
const listWidth = 700;
const zooms = { least: 0.3, most: 2, step: 1.2 } as const;
/** Of the window's height that the drawing takes at most. */
const heightShare = 0.8;

/** `width`: as wide as its place, no larger than life; `whole`: all of it in sight; else a scale. */
type Zoom = 'width' | 'whole' | number;

/** The deployment tree with the states of its nodes; a click or the arrow keys choose the node of the other views. */
export function treeView(actions: PanelActions): View {
  const edges = svg('svg', { class: 'edges', 'aria-hidden': 'true' });
  const nodes = element('div', { class: 'nodes', role: 'tree' });
  const canvas = element('div', { class: 'canvas' }, edges, nodes);
  const drawing = element('div', { class: `drawing ${pageData.treeLook}` }, canvas);
  canvas.style.setProperty('--node-width', `${runNodeSize.width}px`);
  canvas.style.setProperty('--node-height', `${runNodeSize.height}px`);
  const legend = element('ul', { class: 'legend' });
  const elements = new Map<string, NodeElement>();
  let state: PanelState | undefined;
  let tree: TreeNode | undefined;
  let collapsed: ReadonlySet<string> = new Set();
  let zoom: Zoom = 'width';
  let layout: RunTreeLayout | undefined;
  let place = { width: 0, list: false };
  let laidOut: readonly unknown[] = [];

  const setZoom = (next: Zoom): void => {
    zoom = next;
    rescale();
  };
  const scale = (): number => {
    if (layout === undefined || typeof zoom === 'number') return typeof zoom === 'number' ? zoom : 1;
    const byWidth = Math.min(1, place.width / layout.width);
    return zoom === 'width' ? byWidth : Math.max(zooms.least, Math.min(byWidth, (window.innerHeight * heightShare) / layout.height));
  };
  const rescale = (): void => {
    canvas.style.setProperty('zoom', place.list ? '1' : String(scale()));
  };
  const zoomBy = (factor: number): void => setZoom(Math.min(zooms.most, Math.max(zooms.least, scale() * factor)));
  const collapse = (ids: ReadonlySet<string>): void => {
    collapsed = ids;
    if (state !== undefined) update(state);
  };
  const toggle = (id: string): void => {
    const next = new Set(collapsed);
    if (!next.delete(id)) next.add(id);
    collapse(next);
  };
  const focus = (id: string | undefined): void => {
    if (id === undefined) return;
    actions.change({ node: id });
    elements.get(id)?.element.focus();
  };

  drawing.addEventListener('click', (event) => {
    const id = nodeAt(event.target);
    if (id === undefined) return;
    if (event.target instanceof Element && event.target.closest('.toggle') !== null) toggle(id);
    else focus(id);
  });
  drawing.addEventListener('wheel', (event) => {
    if (!event.ctrlKey || place.list) return;
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? zooms.step : 1 / zooms.step);
  });

  const buttons = element(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': translate('Tree') },
    iconButton('M3 8h10', translate('Zoom out (−)'), () => zoomBy(1 / zooms.step)),
    iconButton('M3 8h10M8 3v10', translate('Zoom in (+)'), () => zoomBy(zooms.step)),
    iconButton('M2 3v10M14 3v10M4 8h8M6 6l-2 2 2 2M10 6l2 2-2 2', translate('Fit to the width (0)'), () => setZoom('width')),
    iconButton('M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4', translate('Show the whole tree (f)'), () => setZoom('whole')),
    iconButton('M2.5 2.5h11v11h-11zM5 8h6', translate('Collapse all'), () => collapse(new Set(innerNodes(tree)))),
    iconButton('M2.5 2.5h11v11h-11zM5 8h6M8 5v6', translate('Expand all'), () => collapse(new Set())),
  );
  const part = section('tree', translate('Deployment tree'), buttons, drawing, legend);
  part.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoomed = zoomKeys[event.key];
    if (zoomed !== undefined && !place.list) {
      event.preventDefault();
      if (typeof zoomed === 'number') zoomBy(zoomed);
      else setZoom(zoomed);
      return;
    }
    const visible = layout?.nodes ?? [];
    const index = visible.findIndex(({ node }) => elements.get(node.id)?.element === document.activeElement);
    const id = visible[index]?.node.id;
    const step = treeStep(
      visible.map(({ node, level }) => ({ level, expanded: node.children.length === 0 ? undefined : !collapsed.has(node.id) })),
      index,
      event.key,
    );
    if (step === undefined || id === undefined) return;
    event.preventDefault();
    if (step.kind === 'focus') focus(visible[step.index]?.node.id);
    else toggle(id);
  });
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === 0 || width === place.width) return;
    place = { width, list: width < listWidth };
    if (state !== undefined) update(state);
  }).observe(drawing);

  /** Places nodes and edges where tree, collapsed nodes or the width have changed. */
  const layOut = (model: ModelState, onPath: ReadonlySet<string>): void => {
    const current = [model.tree, collapsed, place];
    const isSame = current.every((value, index) => value === laidOut[index]);
    if (isSame && layout !== undefined) {
      markEdges(edges, onPath);
      return;
    }
    laidOut = current;
    if (tree !== model.tree) legend.replaceChildren(...treeLegend(model));
    tree = model.tree;
    layout = layoutRunTree(model.tree, collapsed, place.width);
    const wanted = layout.nodes.map((placed) => {
      const made = elements.get(placed.node.id) ?? createNodeElement(placed);
      elements.set(placed.node.id, made);
      made.place(placed);
      return made.element;
    });
    if (wanted.length !== nodes.children.length || wanted.some((node, index) => nodes.children[index] !== node)) {
      // Elements that are put in again lose the focus.
      const focused = wanted.find((node) => node === document.activeElement);
      nodes.replaceChildren(...wanted);
      focused?.focus({ preventScroll: true });
    }
    edges.replaceChildren(
      ...layout.nodes.flatMap((placed) => {
        const d = edgePath(placed);
        return d === undefined ? [] : [svg('path', { d, 'data-to': placed.node.id })];
      }),
    );
    for (const [name, value] of Object.entries({ width: layout.width, height: layout.height })) {
      edges.setAttribute(name, String(value));
      canvas.style.setProperty(`--${name}`, `${value}px`);
    }
    drawing.classList.toggle('list', place.list);
    buttons.classList.toggle('list', place.list);
    rescale();
    markEdges(edges, onPath);
  };

  const update = (next: PanelState): void => {
    state = next;
    const model = chosenModel(next);
    if (model === undefined) return;
    const best = bestLeaf(model, next.targets)?.leaf.node.id;
    const recommended = recommendedNodes(model, next.targets);
    const onPath = new Set(best === undefined ? [] : pathTo(model, best).map(({ node }) => node.id));
    if (nodes.dataset['model'] !== model.model) {
      nodes.dataset['model'] = model.model;
      elements.clear();
      laidOut = [];
      setAttribute(nodes, 'aria-label', translate('Deployment tree of {0}', model.model));
    }
    layOut(model, onPath);
    const selected = shownNode(layout, chosenNode(next)?.node.id) ?? model.tree.id;
    for (const { node } of layout?.nodes ?? []) {
      const result = model.nodes.get(node.id);
      if (result === undefined) continue;
      elements.get(node.id)?.update(next.run, model, result, {
        selected: node.id === selected,
        recommended: recommended.has(node.id),
        onPath: onPath.has(node.id),
        collapsed: collapsed.has(node.id),
      });
    }
  };
  return { element: part, update };
}

const zoomKeys: Readonly<Record<string, Zoom>> = { '+': zooms.step, '=': zooms.step, '-': 1 / zooms.step, '0': 'width', f: 'whole' };

function nodeAt(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('[data-node]')?.dataset['node'] : undefined;
}

/** The node itself, or where it is hidden in a collapsed one, that. */
function shownNode(layout: RunTreeLayout | undefined, id: string | undefined): string | undefined {
  const shown = new Set(layout?.nodes.map(({ node }) => node.id));
  if (id === undefined || shown.has(id)) return id;
  return layout?.nodes.findLast(({ node }) => id.startsWith(`${node.id}/`))?.node.id;
}

function innerNodes(tree: TreeNode | undefined): readonly string[] {
  if (tree === undefined) return [];
  const inner = (node: TreeNode): readonly string[] => (node.children.length === 0 ? [] : [node.id, ...node.children.flatMap(inner)]);
  // The root's children stay in sight.
  return tree.children.flatMap(inner);
}

function markEdges(edges: SVGElement, onPath: ReadonlySet<string>): void {
  for (const edge of edges.querySelectorAll<SVGElement>('path')) edge.classList.toggle('on-path', onPath.has(edge.dataset['to'] ?? ''));
}
