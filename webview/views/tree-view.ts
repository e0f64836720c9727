import { drawDeploymentTree } from '../../src/shared/drawing/deployment-tree.ts';
import type { NodeStatus } from '../../src/shared/drawing/deployment-tree.ts';
import { briefFigures } from '../../src/shared/measures.ts';
import type { NodeResult } from '../../src/shared/run-state.ts';
import { element, section } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** The deployment tree with the states of its nodes; a click or the arrow keys choose the node of the other views. */
export function treeView(actions: PanelActions): View {
  const drawing = element('div', { class: 'drawing' });
  let shown = '';
  drawing.addEventListener('click', (event) => {
    const id = nodeAt(event.target);
    if (id !== undefined) actions.change({ node: id });
  });
  drawing.addEventListener('keydown', (event) => {
    const items = [...drawing.querySelectorAll<SVGGElement>('[role=treeitem]')];
    const index = items.findIndex((item) => item === document.activeElement);
    const target = index < 0 ? undefined : items[nextIndex(items, index, event.key)];
    if (target === undefined) return;
    event.preventDefault();
    target.focus();
    actions.change({ node: target.dataset['node'] });
  });
  return {
    element: section('tree', translate('Deployment tree'), drawing, legend()),
    update(state) {
      const model = chosenModel(state);
      if (model === undefined) return;
      const svg = drawDeploymentTree({
        tree: model.tree,
        selected: chosenNode(state)?.node.id,
        label: translate('Deployment tree of {0}', model.model),
        translate,
        statuses: new Map([...model.nodes].map(([id, node]): [string, NodeStatus] => [id, { state: node.state, result: resultOf(node) }])),
      });
      if (svg === shown) return;
      shown = svg;
      replaceDrawing(drawing, svg);
    },
  };
}

function resultOf(node: NodeResult): string | undefined {
  return node.metrics && briefFigures(node.metrics);
}

/** The focused node keeps the focus although its element is a new one. */
function replaceDrawing(drawing: HTMLElement, svg: string): void {
  const focused = drawing.contains(document.activeElement) ? nodeAt(document.activeElement) : undefined;
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  drawing.replaceChildren(document.adoptNode(parsed));
  if (focused !== undefined) drawing.querySelector<SVGGElement>(`[data-node="${CSS.escape(focused)}"]`)?.focus();
}

function nodeAt(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<SVGGElement>('[data-node]')?.dataset['node'] : undefined;
}

/** As in every tree: up and down go through the nodes as drawn, right to the first child, left to the parent. */
function nextIndex(items: readonly SVGGElement[], index: number, key: string): number {
  const level = (item: SVGGElement | undefined): number => Number(item?.getAttribute('aria-level') ?? 0);
  switch (key) {
    case 'ArrowDown':
      return Math.min(index + 1, items.length - 1);
    case 'ArrowUp':
      return Math.max(index - 1, 0);
    case 'ArrowRight':
      return level(items[index + 1]) > level(items[index]) ? index + 1 : -1;
    case 'ArrowLeft':
      return items.findLastIndex((item, at) => at < index && level(item) < level(items[index]));
    case 'Home':
      return 0;
    case 'End':
      return items.length - 1;
    default:
      return -1;
  }
}

function legend(): HTMLElement {
  const entry = (kind: string, text: string): HTMLElement =>
    element('li', {}, element('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), text);
  return element(
    'ul',
    { class: 'legend' },
    entry('fine-tuned', translate('fine-tuned')),
    entry('collaborative', translate('collaborative: keeps what its parent achieved')),
    entry('leaf', translate('leaf: a .tflite, ready to deploy')),
  );
}
