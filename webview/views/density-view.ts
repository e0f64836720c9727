import { densityPanels, kernelNames, largestKernel } from '../../src/shared/drawing/density-series.ts';
import { densityPlot, describeDensity } from '../../src/shared/drawing/plot/density-plot.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { pathTo } from '../../src/shared/run-state.ts';
import { chooser } from '../controls.ts';
import { element, section, setHidden, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';
import { createPlot } from '../plots.ts';
import type { Plot } from '../plots.ts';

/** Density of one kernel at each node of the path from the root to the chosen node, side by side. */
export function densityView(actions: PanelActions): View {
  const kernels = chooser('kernel', translate('Kernel'), (kernel) => actions.change({ kernel }));
  const plots = element('div', { class: 'plots' });
  const empty = element('p', { class: 'quiet' }, translate('The densities appear with the first finished node.'));
  /** Made when a longer path first needs them, and kept: making a chart takes longer than changing one. */
  const figures: Figure[] = [];
  let previous: unknown[] = [];
  return {
    element: section('density', translate('Weight density'), kernels.element, empty, plots),
    update(state) {
      const model = chosenModel(state);
      const node = chosenNode(state);
      if (model === undefined || node === undefined) return;
      const names = kernelNames(model);
      const kernel = state.kernel !== undefined && names.includes(state.kernel) ? state.kernel : largestKernel(model);
      // Densities only come with finished nodes: nothing to draw again for progress, nor for nodes elsewhere in the tree.
      const current = [model.model, kernel, ...pathTo(model, node.node.id).map(({ densities }) => densities)];
      if (current.length === previous.length && current.every((value, index) => value === previous[index])) return;
      previous = current;
      setHidden(empty, names.length > 0);
      setHidden(kernels.element, names.length === 0);
      setHidden(plots, kernel === undefined);
      if (kernel === undefined) return;
      kernels.update(
        names.map((name) => ({ value: name, label: name })),
        kernel,
      );
      const panels = densityPanels(model, node.node.id, kernel);
      while (figures.length < panels.length) {
        const figure = createFigure();
        figures.push(figure);
        plots.append(figure.element);
      }
      for (const [index, figure] of figures.entries()) {
        const panel = panels[index];
        setHidden(figure.element, panel === undefined);
        if (panel === undefined) continue;
        setText(figure.caption, nodeTitle(panel.title, translate));
        setText(figure.remark, describeDensity(panel, translate));
        figure.plot.update(densityPlot(panel, kernel, translate));
      }
    },
  };
}

interface Figure {
  readonly element: HTMLElement;
  readonly caption: HTMLElement;
  readonly remark: HTMLElement;
  readonly plot: Plot;
}

function createFigure(): Figure {
  const caption = element('figcaption');
  const remark = element('p', { class: 'quiet' });
  const plot = createPlot('small');
  return { element: element('figure', {}, caption, plot.element, remark), caption, remark, plot };
}
