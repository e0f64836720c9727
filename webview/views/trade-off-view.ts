import { tradeOffPlot, scaleOfCosts } from '../../src/shared/drawing/plot/trade-off-plot.ts';
import { tradeOffPoints } from '../../src/shared/drawing/pareto-front.ts';
import { costMeasures, isMeasure, type MeasureId, measureRow, sizeMeasure } from '../../src/shared/measures.ts';
import { chooser } from '../controls.ts';
import { element, section, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';
import { createPlot } from '../plots.ts';

/** Accuracy against what files cost in a measure that the reader chooses. */
export function tradeOffView(actions: PanelActions): View {
  let measure: MeasureId = sizeMeasure;
  /** Undefined until the reader chooses: the one that suits the points. */
  let scale: 'linear' | 'log' | undefined;
  let previous = '';
  const plot = createPlot('large', (node) => actions.change({ node }));
  let redraw = (): void => undefined;
  const cost = chooser('trade-off-cost', translate('Cost'), (value) => {
    if (!isMeasure(value)) return;
    measure = value;
    redraw();
  });
  const axis = chooser('trade-off-scale', translate('Axis'), (value) => {
    scale = value === 'log' ? 'log' : 'linear';
    redraw();
  });
  const part = section(
    'trade-off',
    translate('Accuracy and cost'),
    element('div', { class: 'fields' }, cost.element, axis.element),
    plot.element,
  );
  return {
    element: part,
    update(state) {
      redraw = () => this.update(state);
      const model = chosenModel(state);
      if (model === undefined) return;
      const points = tradeOffPoints(model, measure);
      setHidden(part, points.length === 0);
      const chosen = chosenNode(state)?.node.id;
      const current = JSON.stringify([model.model, measure, scale, points, chosen, state.targets, model.budgets]);
      if (current === previous) return;
      previous = current;
      cost.update(
        // What no node has measured is no axis.
        costMeasures
          .filter((id) => tradeOffPoints(model, id).length > 0)
          .map((id) => ({ value: id, label: translate(measureRow(id).title) })),
        measure,
      );
      axis.update(
        [
          { value: 'linear', label: translate('linear') },
          { value: 'log', label: translate('logarithmic') },
        ],
        scale ?? scaleOfCosts(points),
      );
      plot.update(tradeOffPlot({ model, measure, scale, targets: state.targets, chosen, translate }));
    },
  };
}
