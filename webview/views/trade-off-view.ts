import { formatBytes, formatPercent } from '../../src/shared/drawing/format.ts';
import { paretoFront, tradeOffAxes, tradeOffPoints } from '../../src/shared/drawing/pareto-front.ts';
import type { TradeOffAxes, TradeOffPoint } from '../../src/shared/drawing/pareto-front.ts';
import { section } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, PanelState, View } from '../panel-state.ts';
import { createPlot } from '../plots.ts';
import type { PlotPoint, PlotSeries } from '../plots.ts';

/** Accuracy against compressed size, with the Pareto front, the targets and the chosen node. */
export function tradeOffView(actions: PanelActions): View {
  let groups: readonly (readonly TradeOffPoint[])[] = [];
  let previous = '';
  const plot = createPlot('large', (series, point) => {
    const node = groups[series]?.[point]?.node;
    if (node !== undefined) actions.change({ node });
  });
  const part = section('trade-off', translate('Accuracy and compressed size'), plot.element);
  return {
    element: part,
    update(state) {
      const model = chosenModel(state);
      if (model === undefined) return;
      const points = tradeOffPoints(model);
      part.hidden = points.length === 0;
      const chosen = points.filter((point) => point.node === chosenNode(state)?.node.id);
      const current = JSON.stringify([model.model, points, chosen, state.targets]);
      if (current === previous) return;
      previous = current;
      const front = paretoFront(points);
      const baseline = model.nodes.get(model.tree.id)?.metrics?.simulated?.top1;
      const leastAccuracy =
        baseline === undefined || state.targets.accuracyDrop === undefined ? undefined : baseline - state.targets.accuracyDrop;
      const axes = tradeOffAxes(points, { accuracy: leastAccuracy, bytes: state.targets.compressedBytes });
      groups = [points.filter((point) => point.leaf), points.filter((point) => !point.leaf), front];
      const [leaves = [], others = []] = groups;
      plot.update({
        series: [
          { label: translate('ready to deploy'), points: leaves.map(toPoint), style: 'points', colour: 1 },
          { label: translate('other nodes'), points: others.map(toPoint), style: 'points', colour: 0 },
          { label: translate('Pareto front'), points: front.map(toPoint), style: 'line', colour: 2 },
          { label: translate('chosen'), points: chosen.map(toPoint), style: 'rings', colour: 5 },
          ...targetLines(axes, leastAccuracy, state.targets),
        ],
        x: { title: translate('compressed (gzip)'), minimum: 0, maximum: axes.mostBytes, format: formatBytes },
        y: {
          title: translate('top-1'),
          minimum: axes.leastAccuracy,
          maximum: axes.mostAccuracy,
          format: (value) => formatPercent(value, 1),
        },
        legend: true,
        description: translate(
          'Accuracy against compressed size. Pareto front: {0}',
          front.map((point) => `${translate(point.title)} ${formatPercent(point.accuracy)} ${formatBytes(point.bytes)}`).join('; '),
        ),
      });
    },
  };
}

function toPoint(point: TradeOffPoint): PlotPoint {
  return { x: point.bytes, y: point.accuracy, label: translate(point.title) };
}

/** Straight lines across the whole plot. */
function targetLines(axes: TradeOffAxes, accuracy: number | undefined, { compressedBytes }: PanelState['targets']): readonly PlotSeries[] {
  const lines: PlotSeries[] = [];
  if (accuracy !== undefined)
    lines.push({
      label: translate('least accuracy'),
      style: 'dashed',
      colour: 4,
      points: [
        { x: 0, y: accuracy },
        { x: axes.mostBytes, y: accuracy },
      ],
    });
  if (compressedBytes !== undefined)
    lines.push({
      label: translate('greatest size'),
      style: 'dashed',
      colour: 3,
      points: [axes.leastAccuracy, axes.mostAccuracy].map((y) => ({ x: compressedBytes, y })),
    });
  return lines;
}
