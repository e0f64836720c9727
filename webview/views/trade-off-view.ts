import { formatPercent } from '../../src/shared/drawing/format.ts';
import { costMeasures, formatMeasure, formatUnit, isMeasure, type MeasureId, measureRow, sizeMeasure } from '../../src/shared/measures.ts';
import { paretoFront, tradeOffAxes, tradeOffPoints } from '../../src/shared/drawing/pareto-front.ts';
import type { TradeOffAxes, TradeOffPoint } from '../../src/shared/drawing/pareto-front.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { chooser } from '../controls.ts';
import { section } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';
import { createPlot } from '../plots.ts';
import type { PlotPoint, PlotSeries } from '../plots.ts';

/** Accuracy against what files cost in a measure that the reader chooses, with the Pareto front, the targets and the chosen node. */
export function tradeOffView(actions: PanelActions): View {
  let measure: MeasureId = sizeMeasure;
  let groups: readonly (readonly TradeOffPoint[])[] = [];
  let previous = '';
  const plot = createPlot('large', (series, point) => {
    const node = groups[series]?.[point]?.node;
    if (node !== undefined) actions.change({ node });
  });
  let redraw = (): void => undefined;
  const axis = chooser('trade-off-cost', translate('Cost'), (value) => {
    if (!isMeasure(value)) return;
    measure = value;
    redraw();
  });
  const part = section('trade-off', translate('Accuracy and cost'), axis.element, plot.element);
  return {
    element: part,
    update(state) {
      redraw = () => this.update(state);
      const model = chosenModel(state);
      if (model === undefined) return;
      axis.update(
        // What no node has measured is no axis.
        costMeasures
          .filter((id) => tradeOffPoints(model, id).length > 0)
          .map((id) => ({ value: id, label: translate(measureRow(id).title) })),
        measure,
      );
      const row = measureRow(measure);
      const cost = row.target && state.targets[row.target.key];
      const points = tradeOffPoints(model, measure);
      part.hidden = points.length === 0;
      const chosen = points.filter((point) => point.node === chosenNode(state)?.node.id);
      const current = JSON.stringify([model.model, measure, points, chosen, state.targets]);
      if (current === previous) return;
      previous = current;
      const front = paretoFront(points);
      const baseline = model.nodes.get(model.tree.id)?.metrics?.simulated?.top1;
      const leastAccuracy =
        baseline === undefined || state.targets.accuracyDrop === undefined ? undefined : baseline - state.targets.accuracyDrop;
      const axes = tradeOffAxes(points, { accuracy: leastAccuracy, cost });
      groups = [points.filter((point) => point.leaf), points.filter((point) => !point.leaf), front];
      const [leaves = [], others = []] = groups;
      plot.update({
        series: [
          { label: translate('ready to deploy'), points: leaves.map(toPoint), style: 'points', colour: 1 },
          { label: translate('other nodes'), points: others.map(toPoint), style: 'points', colour: 0 },
          { label: translate('Pareto front'), points: front.map(toPoint), style: 'line', colour: 2 },
          { label: translate('chosen'), points: chosen.map(toPoint), style: 'rings', colour: 5 },
          ...targetLines(axes, leastAccuracy, cost),
        ],
        x: {
          title: `${translate(row.title)} (${row.by})`,
          minimum: 0,
          maximum: axes.mostCost,
          format: (value) => formatUnit(row.unit, value),
        },
        y: {
          title: translate('top-1'),
          minimum: axes.leastAccuracy,
          maximum: axes.mostAccuracy,
          format: (value) => formatPercent(value, 1),
        },
        legend: true,
        description: translate(
          'Accuracy against {0}. Pareto front: {1}',
          translate(row.title),
          front
            .map((point) => `${nodeTitle(point.title, translate)} ${formatPercent(point.accuracy)} ${formatMeasure(measure, point.cost)}`)
            .join('; '),
        ),
      });
    },
  };
}

function toPoint(point: TradeOffPoint): PlotPoint {
  return { x: point.cost, y: point.accuracy, label: nodeTitle(point.title, translate) };
}

/** Straight lines across the whole plot. */
function targetLines(axes: TradeOffAxes, accuracy: number | undefined, cost: number | undefined): readonly PlotSeries[] {
  const lines: PlotSeries[] = [];
  if (accuracy !== undefined)
    lines.push({
      label: translate('least accuracy'),
      style: 'dashed',
      colour: 4,
      points: [
        { x: 0, y: accuracy },
        { x: axes.mostCost, y: accuracy },
      ],
    });
  if (cost !== undefined)
    lines.push({
      label: translate('most allowed'),
      style: 'dashed',
      colour: 3,
      points: [axes.leastAccuracy, axes.mostAccuracy].map((y) => ({ x: cost, y })),
    });
  return lines;
}
