import { curvePlot } from '../../src/shared/drawing/plot/curve-plot.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { chooser, slider } from '../controls.ts';
import { element, section, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';
import { createPlot } from '../plots.ts';

/** Loss or accuracy of every fine-tuned node against its steps, growing as they train: the chosen node in colour. */
export function curvesView(actions: PanelActions): View {
  const quantity = chooser('curve', translate('Quantity'), (value) =>
    actions.change({ curve: value === 'accuracy' ? 'accuracy' : 'loss' }),
  );
  let smoothing = 0;
  let redraw = (): void => undefined;
  const smoother = slider('smoothing', translate('Smoothing'), { least: 0, most: 0.99, step: 0.01 }, (value) => {
    smoothing = value;
    redraw();
  });
  const plot = createPlot('large');
  let previous: readonly unknown[] = [];
  const part = section(
    'curves',
    translate('Training curves'),
    element('div', { class: 'fields' }, quantity.element, smoother),
    plot.element,
  );
  return {
    element: part,
    update(state) {
      redraw = () => this.update(state);
      const model = chosenModel(state);
      if (model === undefined) return;
      quantity.update(
        [
          { value: 'loss', label: translate('loss') },
          { value: 'accuracy', label: translate('accuracy') },
        ],
        state.curve,
      );
      const trained = [...model.nodes.values()].filter((node) => node.curve.length > 0);
      setHidden(part, trained.length === 0);
      const chosen = chosenNode(state)?.node.id;
      // Of a node without a curve, such as a quantized one, the nearest ancestor's: that is what was trained.
      const shown = nearestTrained(chosen, (id) => model.nodes.get(id)?.parent, new Set(trained.map(({ node }) => node.id)));
      const current = [state.curve, smoothing, shown, ...trained.map((node) => node.curve)];
      if (current.length === previous.length && current.every((value, index) => value === previous[index])) return;
      previous = current;
      plot.update(
        curvePlot({
          curves: trained.map(({ node, curve }) => ({
            label: nodeTitle(node.title, translate),
            points: curve,
            colour: node.id === shown ? 0 : undefined,
          })),
          quantity: state.curve,
          smoothing,
          translate,
        }),
      );
    },
  };
}

function nearestTrained(
  node: string | undefined,
  parentOf: (id: string) => string | undefined,
  trained: ReadonlySet<string>,
): string | undefined {
  for (let id = node; id !== undefined; id = parentOf(id)) if (trained.has(id)) return id;
  return undefined;
}
