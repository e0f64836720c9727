/** The densities of every kernel at every node, on axes that can be compared along each path of the tree. */
import { densityPanels, kernelNames, type DensityPanel } from '../../../shared/drawing/density-series.ts';
import { densityPlot, describeDensity } from '../../../shared/drawing/plot/density-plot.ts';
import { drawPlot } from '../../../shared/drawing/plot/draw-plot.ts';
import { english } from '../../../shared/drawing/translate.ts';
import type { ModelState } from '../../../shared/run-state.ts';
import { element, text } from './markup.ts';

const size = { width: 230, height: 140 };

export function densityFigures(model: ModelState): string {
  const kernels = kernelNames(model);
  if (kernels.length === 0) return element('p', {}, 'No node has finished.');
  const intro =
    'Share of a kernel’s weights in each bin, for the nodes in the order of the tree: real weights of fp32 nodes on one axis, stored integers of int8 nodes. A bar with two strokes across it is cut off there, so that the others can be seen; its height is written beside it.';
  return element('p', {}, text(intro)) + kernels.map((kernel, index) => kernelDetails(model, kernel, index === 0)).join('');
}

function kernelDetails(model: ModelState, kernel: string, open: boolean): string {
  const panels = panelsOf(model, kernel);
  const figures = panels.map((panel) =>
    element(
      'figure',
      {},
      drawPlot(densityPlot(panel, kernel, english), size),
      element(
        'figcaption',
        {},
        element('b', {}, text(panel.title)),
        element('br', {}),
        text(`${panel.axis === 'weight' ? 'fp32' : 'int8'}, ${describeDensity(panel, english)}`),
      ),
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
