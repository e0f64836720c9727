import type { ComparedRun } from '../../src/shared/board-protocol.ts';
import { densityPanels, kernelNames, largestKernel } from '../../src/shared/drawing/density-series.ts';
import { formatByteChange, formatShare, missing } from '../../src/shared/drawing/format.ts';
import { curvePlot } from '../../src/shared/drawing/plot/curve-plot.ts';
import type { PlotContents, SeriesColour } from '../../src/shared/drawing/plot/plot.ts';
import { comparedNode, comparedNodes, recipeDifferences } from '../../src/shared/drawing/run-board.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { measureRow, sizeMeasure } from '../../src/shared/measures.ts';
import { accuracyChange, briefFigures, qualityOf, shownAccuracy } from '../../src/shared/measure-figures.ts';
import { reduceEvents, type ModelState } from '../../src/shared/run-state.ts';
import type { NodeResult } from '../../src/shared/node-result.ts';
import { chooser } from '../controls.ts';
import { element, section } from '../dom.ts';
import { translate } from '../page-data.ts';
import { createPlot } from '../plots.ts';

/** More would need a colour twice. */
const colours: readonly SeriesColour[] = [0, 1, 2, 3, 4, 5];

interface Compared extends ComparedRun {
  readonly model: ModelState | undefined;
}

/** Runs side by side: recipes, trees, curves and densities. The first is what the others are compared with. */
export function comparisonView(): { readonly element: HTMLElement; show(runs: readonly ComparedRun[]): void } {
  const recipes = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Recipes') });
  const trees = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Trees') });
  const curves = createPlot('large');
  const density = createPlot('large');
  let runs: readonly Compared[] = [];
  let node: string | undefined;
  let kernel: string | undefined;
  const nodeChooser = chooser('compared-node', translate('Node'), (value) => {
    node = value;
    drawPlots();
  });
  const kernelChooser = chooser('compared-kernel', translate('Kernel'), (value) => {
    kernel = value;
    drawPlots();
  });
  const part = element(
    'div',
    { id: 'comparison', hidden: true },
    section('compared-recipes', translate('Recipes'), recipes),
    section('compared-trees', translate('Trees'), trees),
    section(
      'compared-plots',
      translate('Curves and densities'),
      element('div', { class: 'fields' }, nodeChooser.element, kernelChooser.element),
      curves.element,
      density.element,
    ),
  );
  const drawPlots = (): void => {
    const models = runs.map(({ model }) => model);
    const ids = comparedNodes(models);
    node = comparedNode(models, node);
    const [first] = models.filter((model) => model !== undefined);
    if (node === undefined || first === undefined) return;
    const kernels = kernelNames(first);
    kernel = kernel !== undefined && kernels.includes(kernel) ? kernel : largestKernel(first);
    const titles = new Map(
      models.flatMap((model) =>
        model === undefined
          ? []
          : [...model.nodes.values()].map((result) => [result.node.id, nodeTitle(result.node.title, translate)] as const),
      ),
    );
    nodeChooser.update(
      ids.map((id) => ({ value: id, label: titles.get(id) ?? id })),
      node,
    );
    kernelChooser.update(
      kernels.map((name) => ({ value: name, label: name })),
      kernel ?? '',
    );
    const chosen = node;
    curves.update(
      curvePlot({
        curves: runs.map(({ name, model }, index) => ({
          label: name,
          points: model?.nodes.get(chosen)?.curve ?? [],
          colour: colours[index],
        })),
        quantity: 'loss',
        smoothing: 0.5,
        translate,
      }),
    );
    density.update(overlaidDensities(runs, chosen, kernel ?? ''));
  };
  return {
    element: part,
    show(compared) {
      runs = compared.map((run) => ({ ...run, model: reduceEvents(run.events).models[0] }));
      part.hidden = runs.length === 0;
      recipes.replaceChildren(recipeTable(runs));
      trees.replaceChildren(treeTable(runs));
      drawPlots();
    },
  };
}

/** One line a run, on one axis. */
function overlaidDensities(runs: readonly Compared[], node: string, kernel: string): PlotContents {
  const panels = runs.map(({ name, model }) => ({
    name,
    panel: model && densityPanels(model, node, kernel).find((panel) => panel.node === node),
  }));
  const greatest = Math.max(1e-9, ...panels.map(({ panel }) => panel?.greatest ?? 0));
  return {
    series: panels.map(({ name, panel }, index) => ({
      label: name,
      points: panel?.points.map(({ x, y }) => ({ x, y: Math.min(y, greatest) })) ?? [],
      // A line that lies on another leaves it in sight.
      style: index === 0 ? 'line' : 'dashed',
      colour: colours[index] ?? 'quiet',
    })),
    x: { title: kernel, format: (value) => String(Number(value.toPrecision(3))) },
    y: { title: translate('share of the weights'), minimum: 0, maximum: greatest, format: formatShare },
    description: translate('Density of {0} in {1}', kernel, panels.map(({ name }) => name).join(', ')),
  };
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...headings.map((text) => element('th', { scope: 'col' }, text)))),
    element(
      'tbody',
      {},
      ...rows.map(([first = '', ...others]) =>
        element('tr', {}, element('th', { scope: 'row' }, first), ...others.map((text) => element('td', {}, text))),
      ),
    ),
  );
}

function recipeTable(runs: readonly Compared[]): HTMLElement {
  const rows = recipeDifferences(runs.map(({ recipe }) => recipe)).map(({ path, values }) => [
    path,
    ...values.map((value) => value ?? missing),
  ]);
  if (rows.length === 0) return element('p', { class: 'quiet' }, translate('The recipes are the same.'));
  return table([translate('Field'), ...runs.map(({ name }) => name)], rows);
}

/** Node by node; changes are against the first run. */
function treeTable(runs: readonly Compared[]): HTMLElement {
  const [reference] = runs;
  const rows = comparedNodes(runs.map(({ model }) => model)).map((id) => {
    const results = runs.map(({ model }) => model?.nodes.get(id));
    const title = results.find((result) => result !== undefined)?.node.title ?? id;
    return [nodeTitle(title, translate), ...results.map((result) => figures(result, reference?.model?.nodes.get(id)))];
  });
  return table([translate('Model'), ...runs.map(({ name }) => name)], rows);
}

function figures(result: NodeResult | undefined, reference: NodeResult | undefined): string {
  if (result?.metrics === undefined) return missing;
  const text = briefFigures(result.metrics);
  if (result === reference || reference?.metrics === undefined) return text;
  const size = (metrics: NodeResult['metrics']): number | undefined => metrics && measureRow(sizeMeasure).value(metrics);
  const [before, after] = [size(reference.metrics), size(result.metrics)];
  const bytes = formatByteChange(before === undefined || after === undefined ? undefined : after - before);
  const accuracies = [shownAccuracy(reference.metrics), shownAccuracy(result.metrics)] as const;
  if (before === after && accuracies[0] === accuracies[1]) return `${text} (${translate('unchanged')})`;
  return `${text} (${accuracyChange(...accuracies, qualityOf(result.metrics))}, ${bytes})`;
}
