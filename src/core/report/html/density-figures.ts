/** The densities of every kernel at every node, on axes that can be compared along each path of the tree. */
import { densityPanels, kernelNames, type DensityPanel } from '../../../shared/drawing/density-series.ts';
import { formatPercent } from '../../../shared/drawing/format.ts';
import { svgElement } from '../../../shared/drawing/svg.ts';
import type { ModelState } from '../../../shared/run-state.ts';
import { drawAxes, position, type Axis } from './axes.ts';
import { element, text } from './markup.ts';

const size = { width: 230, height: 140 };
const area = { left: 38, top: 8, width: 184, height: 104 };

export function densityFigures(model: ModelState): string {
  const kernels = kernelNames(model);
  if (kernels.length === 0) return element('p', {}, 'No node has finished.');
  const intro =
    'Share of a kernel’s weights in each bin, for the nodes in the order of the tree: real weights of fp32 nodes on one axis, stored integers of int8 nodes. A bar that reaches the top is cut off there, so that the others can be seen; the part of zeros is written below.';
  return element('p', {}, text(intro)) + kernels.map((kernel, index) => kernelDetails(model, kernel, index === 0)).join('');
}

function kernelDetails(model: ModelState, kernel: string, open: boolean): string {
  const panels = panelsOf(model, kernel);
  const figures = panels.map((panel) =>
    element(
      'figure',
      {},
      drawPanel(panel, kernel),
      element('figcaption', {}, element('b', {}, text(panel.title)), element('br', {}), text(describe(panel))),
    ),
  );
  // Closed details cost a browser nothing, however many kernels there are.
  return element(
    'details',
    { open: open ? 'open' : undefined },
    element('summary', {}, text(kernel)),
    element('div', { class: 'panels' }, ...figures),
  );
}

/** Every node once; its own path gives the panel, the widest path the axis. */
function panelsOf(model: ModelState, kernel: string): readonly DensityPanel[] {
  const panels = [...model.nodes.keys()].flatMap((node) => densityPanels(model, node, kernel).filter((panel) => panel.node === node));
  const real = panels.filter((panel) => panel.axis === 'weight');
  const minimum = Math.min(...real.map((panel) => panel.minimum));
  const maximum = Math.max(...real.map((panel) => panel.maximum));
  return panels.map((panel) => (panel.axis === 'weight' ? { ...panel, minimum, maximum } : panel));
}

function drawPanel(panel: DensityPanel, kernel: string): string {
  const x: Axis = {
    minimum: panel.minimum,
    maximum: panel.maximum,
    title: '',
    format: panel.axis === 'integer' ? (value) => String(Math.trunc(value)) : (value) => String(Number(value.toPrecision(2))),
  };
  const top = visibleTop(panel);
  const y: Axis = { minimum: 0, maximum: top, title: '', format: (value) => formatPercent(value, value >= 0.1 || value === 0 ? 0 : 1) };
  const [first, second] = panel.points;
  const binWidth =
    first === undefined || second === undefined ? 1 : position(x, second.x, 0, area.width) - position(x, first.x, 0, area.width);
  const bottom = area.top + area.height;
  const bars = panel.points
    .filter((point) => point.y > 0)
    .map((point) => {
      // A bin that is not empty is at least one pixel high.
      const height = Math.max(1, (Math.min(point.y, top) / top) * area.height);
      const width = Math.max(0.8, binWidth);
      return `M${round(position(x, point.x, area.left, area.width) - width / 2)} ${bottom}v${round(-height)}h${round(width)}v${round(height)}z`;
    });
  const label = `Density of ${kernel} in ${panel.title}: ${describe(panel)}`;
  return svgElement(
    'svg',
    { role: 'img', 'aria-label': label, viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height },
    svgElement('title', {}, text(label)),
    svgElement('path', { class: panel.axis === 'weight' ? 'bars' : 'bars integer', d: bars.join('') }),
    drawAxes(area, x, y),
  );
}

/** The zeros of a pruned kernel exceed all other bins, so the second highest bar, with a margin, sets the scale. */
function visibleTop(panel: DensityPanel): number {
  const heights = panel.points.map((point) => point.y).sort((a, b) => b - a);
  const [highest = 0, second = 0] = heights;
  return highest === 0 ? 1 : second === 0 ? highest : Math.min(highest, second * 1.6);
}

function describe(panel: DensityPanel): string {
  const zeros = formatPercent(panel.elements === 0 ? 0 : panel.zeros / panel.elements, 1);
  return `${panel.axis === 'weight' ? 'fp32' : 'int8'}, ${zeros} zeros, ${panel.points.filter((point) => point.y > 0).length} of ${panel.points.length} bins used`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
