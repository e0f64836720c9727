/** Draws a network on a canvas, which stays smooth with thousands of operations: only what is in sight is drawn. */
import { formatPercent } from '../../src/shared/drawing/format.ts';
import { nodeSize, type GraphLayout } from '../../src/shared/graph/graph-layout.ts';
import { shadeOf, shadings, type ShadingId, type ShadingRange } from '../../src/shared/graph/graph-shading.ts';
import type { GraphNode, NetworkGraph } from '../../src/shared/graph/network-graph.ts';
import { button, chooser } from '../controls.ts';
import { element } from '../dom.ts';
import { translate } from '../page-data.ts';
import { readGraphColours, type GraphColours } from './graph-colours.ts';

const scales = { least: 0.03, most: 2.5, textFrom: 0.45 };
const zoomStep = 1.25;
const margin = 24;

export function graphView(graph: NetworkGraph, layout: GraphLayout, isComparison: boolean): HTMLElement {
  const canvas = element('canvas', {
    tabindex: 0,
    role: 'application',
    'aria-label': translate(
      'Graph of {0} nodes. Arrow keys go along its edges, plus and minus zoom, 0 shows all of it.',
      graph.nodes.length,
    ),
    'data-nodes': graph.nodes.length,
  });
  const details = element('p', { class: 'graph-details', role: 'status', 'aria-live': 'polite' });
  const legend = element('p', { class: 'graph-legend' });
  let shading: ShadingId = isComparison ? 'difference' : 'sparsity';
  let range = shadings[shading].range?.(graph);
  let colours = readGraphColours();
  let view = { x: 0, y: 0, scale: 1 };
  let selected: number | undefined;
  let frame: number | undefined;

  const redraw = (): void => {
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      draw(canvas, graph, layout, { view, selected, shading, range, colours });
    });
  };
  /** Keeps the point of the canvas where it is. */
  const zoom = (factor: number, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2): void => {
    const scale = Math.min(scales.most, Math.max(scales.least, view.scale * factor));
    const ratio = scale / view.scale;
    view = { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
    redraw();
  };
  const fit = (whole: boolean): void => {
    const { left, right, bottom } = layout;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const fitting = Math.min((width - 2 * margin) / (right - left), whole ? (height - 2 * margin) / (bottom + nodeSize.height / 2) : 1, 1);
    const scale = Math.max(scales.least, fitting);
    view = { scale, x: width / 2 - ((left + right) / 2) * scale, y: margin + (nodeSize.height / 2) * scale };
    redraw();
  };
  const select = (id: number | undefined): void => {
    selected = id;
    const node = id === undefined ? undefined : graph.nodes[id];
    details.textContent = node === undefined ? '' : describe(node, shading);
    redraw();
  };
  const reveal = (id: number): void => {
    const place = layout.places[id];
    if (place === undefined) return;
    const [x, y] = [view.x + place.x * view.scale, view.y + place.y * view.scale];
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const isSeen = x > margin && x < width - margin && y > margin && y < height - margin;
    if (!isSeen) view = { ...view, x: width / 2 - place.x * view.scale, y: height / 2 - place.y * view.scale };
    select(id);
  };
  const showLegend = (): void => {
    legend.replaceChildren(
      ...shadings[shading].legend.map(({ text, mark }) => element('span', { class: `graph-mark ${mark}` }, translate(text))),
    );
  };

  const chooseShading = chooser('graph-shading', translate('Colour'), (value) => {
    const found = shadingChoices(isComparison).find((id) => id === value);
    if (found === undefined) return;
    shading = found;
    range = shadings[shading].range?.(graph);
    showLegend();
    select(selected);
  });
  chooseShading.update(
    shadingChoices(isComparison).map((id) => ({ value: id, label: translate(shadings[id].title) })),
    shading,
  );
  showLegend();

  let dragged: { readonly x: number; readonly y: number; moved: boolean } | undefined;
  canvas.addEventListener('pointerdown', (event) => {
    dragged = { x: event.clientX - view.x, y: event.clientY - view.y, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (dragged === undefined) return;
    const next = { ...view, x: event.clientX - dragged.x, y: event.clientY - dragged.y };
    if (Math.abs(next.x - view.x) + Math.abs(next.y - view.y) > 3) dragged.moved = true;
    if (!dragged.moved) return;
    view = next;
    redraw();
  });
  canvas.addEventListener('pointerup', (event) => {
    if (dragged?.moved === false) {
      const box = canvas.getBoundingClientRect();
      select(nodeAt(layout, (event.clientX - box.left - view.x) / view.scale, (event.clientY - box.top - view.y) / view.scale));
    }
    dragged = undefined;
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      // Without a key the wheel scrolls the page, as everywhere.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );
  canvas.addEventListener('keydown', (event) => {
    const next = neighbour(graph, layout, selected, event.key);
    if (next !== undefined) reveal(next);
    else if (event.key === '+' || event.key === '=') zoom(zoomStep);
    else if (event.key === '-') zoom(1 / zoomStep);
    else if (event.key === '0') fit(true);
    else return;
    event.preventDefault();
  });
  let isPlaced = false;
  new ResizeObserver(() => {
    if (canvas.clientWidth === 0) return;
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (isPlaced) redraw();
    else fit(false);
    isPlaced = true;
  }).observe(canvas);
  new MutationObserver(() => {
    colours = readGraphColours();
    redraw();
  }).observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return element(
    'div',
    { class: 'graph' },
    element(
      'div',
      { class: 'graph-tools' },
      chooseShading.element,
      button(translate('Show All'), () => fit(true)),
      button('+', () => zoom(zoomStep)),
      button('−', () => zoom(1 / zoomStep)),
      legend,
    ),
    canvas,
    details,
  );
}

function shadingChoices(isComparison: boolean): readonly ShadingId[] {
  return isComparison ? ['difference', 'sparsity', 'uniqueValues', 'roundingError'] : ['sparsity', 'uniqueValues', 'roundingError'];
}

function describe({ title, subtitle, details, figures, before, difference }: GraphNode, shading: ShadingId): string {
  // Of two files: the figure of the first, and that of the second.
  const change = (first: string | undefined, second: string): string =>
    first === undefined || first === second ? second : `${first} → ${second}`;
  return [
    title,
    subtitle,
    ...details,
    ...(figures === undefined
      ? []
      : [
          translate('{0} zeros', change(before && formatPercent(before.sparsity, 1), formatPercent(figures.sparsity, 1))),
          translate('{0} unique values', change(before && String(before.uniqueValues), String(figures.uniqueValues))),
          ...(figures.roundingError === undefined
            ? []
            : [translate('rounding error ≈ {0} of the weights', formatPercent(figures.roundingError, 2))]),
        ]),
    ...(shading === 'difference' ? [translate(shadings.difference.legend.find(({ mark }) => mark === difference)?.text ?? '')] : []),
  ]
    .filter((line) => line !== '')
    .join(' · ');
}

function nodeAt({ places }: GraphLayout, x: number, y: number): number | undefined {
  const found = places.findIndex((place) => Math.abs(place.x - x) <= nodeSize.width / 2 && Math.abs(place.y - y) <= nodeSize.height / 2);
  return found < 0 ? undefined : found;
}

/** Down and up along the edges, left and right within the row. */
function neighbour({ nodes, edges }: NetworkGraph, { places }: GraphLayout, selected: number | undefined, key: string): number | undefined {
  if (!['ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) return undefined;
  if (key === 'End') return nodes.length - 1;
  if (key === 'Home' || selected === undefined) return 0;
  if (key === 'ArrowDown') return edges.find(({ from }) => from === selected)?.to;
  if (key === 'ArrowUp') return edges.find(({ to }) => to === selected)?.from;
  const own = places[selected];
  if (own === undefined) return undefined;
  const side = key === 'ArrowRight' ? 1 : -1;
  return places
    .map((place, id) => ({ id, distance: (place.x - own.x) * side, isRow: Math.abs(place.y - own.y) < nodeSize.height }))
    .filter(({ distance, isRow }) => isRow && distance > 0)
    .toSorted((a, b) => a.distance - b.distance)[0]?.id;
}

interface Drawing {
  readonly view: { readonly x: number; readonly y: number; readonly scale: number };
  readonly selected: number | undefined;
  readonly shading: ShadingId;
  readonly range: ShadingRange | undefined;
  readonly colours: GraphColours;
}

function draw(
  canvas: HTMLCanvasElement,
  graph: NetworkGraph,
  layout: GraphLayout,
  { view, selected, shading, range, colours }: Drawing,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const ratio = devicePixelRatio;
  const { scale } = view;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colours.background;
  context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * view.x, ratio * view.y);
  const sight = {
    left: -view.x / scale - nodeSize.width,
    right: (canvas.clientWidth - view.x) / scale + nodeSize.width,
    top: -view.y / scale - nodeSize.height,
    bottom: (canvas.clientHeight - view.y) / scale + nodeSize.height,
  };
  context.strokeStyle = colours.line;
  context.lineWidth = Math.max(1, 0.6 / scale);
  context.beginPath();
  for (const { from, to } of graph.edges) {
    const [a, b] = [layout.places[from], layout.places[to]];
    if (a === undefined || b === undefined || Math.max(a.y, b.y) < sight.top || Math.min(a.y, b.y) > sight.bottom) continue;
    const [start, end] = [a.y + nodeSize.height / 2, b.y - nodeSize.height / 2];
    const bend = Math.min(60, Math.max(10, (end - start) / 2));
    context.moveTo(a.x, start);
    context.bezierCurveTo(a.x, start + bend, b.x, end - bend, b.x, end);
  }
  context.stroke();
  context.textBaseline = 'middle';
  for (const [id, node] of graph.nodes.entries()) {
    const place = layout.places[id];
    if (place === undefined || place.y < sight.top || place.y > sight.bottom || place.x < sight.left || place.x > sight.right) continue;
    const [x, y] = [place.x - nodeSize.width / 2, place.y - nodeSize.height / 2];
    context.fillStyle = colours.node;
    context.fillRect(x, y, nodeSize.width, nodeSize.height);
    const shade = shadeOf(node, shading, range);
    if (shade !== undefined) {
      context.globalAlpha = shade.strength;
      context.fillStyle = colours[shade.colour];
      context.fillRect(x, y, nodeSize.width, nodeSize.height);
      context.globalAlpha = 1;
    }
    context.strokeStyle = id === selected ? colours.focus : colours.line;
    context.lineWidth = id === selected ? 3 : 1;
    // Nodes that only one file has are dashed, so that colour is not the only sign.
    context.setLineDash(shading === 'difference' && (node.difference === 'first' || node.difference === 'second') ? [5, 3] : []);
    context.strokeRect(x, y, nodeSize.width, nodeSize.height);
    context.setLineDash([]);
    if (scale < scales.textFrom) continue;
    context.fillStyle = colours.text;
    context.font = `600 12px ${colours.font}`;
    context.fillText(shorten(context, node.title), x + 8, y + 15, nodeSize.width - 16);
    context.font = `11px ${colours.font}`;
    context.fillText(shorten(context, node.subtitle), x + 8, y + 31, nodeSize.width - 16);
  }
}

/** Cut at the start: the end of a name says which layer it is. */
function shorten(context: CanvasRenderingContext2D, text: string): string {
  const room = nodeSize.width - 16;
  if (context.measureText(text).width <= room) return text;
  let short = text.slice(-28);
  while (short.length > 4 && context.measureText(`…${short}`).width > room) short = short.slice(1);
  return `…${short}`;
}
