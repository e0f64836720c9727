import { formatBytes, formatPercent } from '../../src/shared/drawing/format.ts';
import { paretoFront, tradeOffPoints } from '../../src/shared/drawing/pareto-front.ts';
import type { TradeOffPoint } from '../../src/shared/drawing/pareto-front.ts';
import { section } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel } from '../panel-state.ts';
import type { PanelActions, PanelState, View } from '../panel-state.ts';
import { createPlot } from '../plots.ts';
import type { PlotPoint, PlotSeries } from '../plots.ts';

/** Accuracy against compressed size, with the Pareto front and the targets. */
export function tradeOffView(actions: PanelActions): View {
  let groups: readonly (readonly TradeOffPoint[])[] = [];
  let previous = '';
  const plot = createPlot('large', (series, point) => {
    const node = groups[series]?.[point]?.node;
    if (node !== undefined) actions.change({ node });
  });
  return {
    element: section('trade-off', translate('Accuracy and compressed size'), plot.element),
    update(state) {
      const model = chosenModel(state);
      if (model === undefined) return;
      const points = tradeOffPoints(model);
      const current = JSON.stringify([model.model, points, state.targets]);
      if (current === previous) return;
      previous = current;
      const front = paretoFront(points);
      groups = [points.filter((point) => point.leaf), points.filter((point) => !point.leaf), front];
      const [leaves = [], others = []] = groups;
      plot.update({
        series: [
          { label: translate('ready to deploy'), points: leaves.map(toPoint), style: 'points', colour: 1 },
          { label: translate('other nodes'), points: others.map(toPoint), style: 'points', colour: 0 },
          { label: translate('Pareto front'), points: front.map(toPoint), style: 'line', colour: 2 },
          ...targetLines(points, model.nodes.get(model.tree.id)?.metrics?.simulated?.top1, state.targets),
        ],
        x: { title: translate('compressed (gzip)'), minimum: 0, format: formatBytes },
        y: { title: translate('top-1'), format: (value) => formatPercent(value, 1) },
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

/** Straight lines across all points. */
function targetLines(
  points: readonly TradeOffPoint[],
  baseline: number | undefined,
  targets: PanelState['targets'],
): readonly PlotSeries[] {
  if (points.length === 0) return [];
  const largest = Math.max(...points.map((point) => point.bytes));
  const accuracies = points.map((point) => point.accuracy);
  const least = baseline === undefined || targets.accuracyDrop === undefined ? undefined : baseline - targets.accuracyDrop;
  const lines: PlotSeries[] = [];
  if (least !== undefined)
    lines.push({
      label: translate('least accuracy'),
      style: 'dashed',
      colour: 4,
      points: [
        { x: 0, y: least },
        { x: largest, y: least },
      ],
    });
  if (targets.compressedBytes !== undefined) {
    lines.push({
      label: translate('greatest size'),
      style: 'dashed',
      colour: 3,
      points: [Math.min(...accuracies, least ?? 1), Math.max(...accuracies)].map((y) => ({ x: targets.compressedBytes ?? 0, y })),
    });
  }
  return lines;
}
