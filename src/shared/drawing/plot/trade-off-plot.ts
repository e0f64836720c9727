/** Accuracy against what files cost in a measure: the same plot in the panel and in reports. */
import { type MeasureId, measureRow } from '../../measures.ts';
import { floatAccuracy, formatMeasure, formatUnit } from '../../measure-figures.ts';
import type { Targets } from '../../recipe/targets.ts';
import type { ModelState } from '../../run-state.ts';
import { formatQuality, formatTick, qualityTable, worstQuality } from '../../qualities.ts';
import { paretoFront, tradeOffPoints, type TradeOffPoint, tradeOffQuality } from '../pareto-front.ts';
import { recommendedNodes } from '../target-verdicts.ts';
import { nodeTitle } from '../technique-names.ts';
import type { Translate } from '../translate.ts';
import { plotGeometry, type PlotContents, type PlotPoint, type PlotSeries } from './plot.ts';

export interface TradeOffPlot {
  readonly model: ModelState;
  readonly measure: MeasureId;
  /** Undefined: a logarithmic axis where the largest file is many times the smallest. */
  readonly scale: 'linear' | 'log' | undefined;
  readonly targets: Targets;
  readonly chosen: string | undefined;
  readonly translate: Translate;
}

/** From this ratio of the largest to the smallest on, a linear axis would crowd the small ones. */
const logRatio = 6;

export function scaleOfCosts(points: readonly TradeOffPoint[]): 'linear' | 'log' {
  const costs = points.map(({ cost }) => cost);
  return costs.length > 0 && Math.min(...costs) > 0 && Math.max(...costs) / Math.min(...costs) >= logRatio ? 'log' : 'linear';
}

function unique(values: readonly (number | undefined)[]): readonly number[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}

export function tradeOffPlot({ model, measure, scale, targets, chosen, translate }: TradeOffPlot): PlotContents {
  const row = measureRow(measure);
  const points = tradeOffPoints(model, measure);
  const quality = tradeOffQuality(model);
  const { title, unit } = qualityTable[quality];
  const front = paretoFront(points, quality);
  const baseline = floatAccuracy(model.nodes.get(model.tree.id)?.metrics);
  const limits = model.budgets?.map((budget) => budget.limits) ?? [targets];
  const leastAccuracies = unique(limits.map(({ accuracyDrop }) => worstQuality(quality, baseline, accuracyDrop)));
  const mostCosts = unique(limits.map((limit) => row.target && limit[row.target.key])).filter((cost) => cost > 0);
  const recommended = recommendedNodes(model, targets);
  const toPoint = (point: TradeOffPoint): PlotPoint => ({
    x: point.cost,
    y: point.accuracy,
    label: `${nodeTitle(point.title, translate)}: ${formatQuality(quality, point.accuracy)}, ${formatMeasure(measure, point.cost)}`,
    name:
      front.includes(point) || recommended.has(point.node) || point.node === model.tree.id ? nodeTitle(point.title, translate) : undefined,
    key: point.node,
  });
  const others = points.filter(({ node }) => !recommended.has(node));
  const marks: readonly PlotSeries[] = [
    { label: translate('Pareto front'), points: front.map(({ cost, accuracy }) => ({ x: cost, y: accuracy })), style: 'line', colour: 2 },
    { label: translate('ready to deploy'), points: others.filter(({ leaf }) => leaf).map(toPoint), style: 'points', colour: 1 },
    { label: translate('other nodes'), points: others.filter(({ leaf }) => !leaf).map(toPoint), style: 'hollow', colour: 0 },
    { label: translate('recommended'), points: points.filter(({ node }) => recommended.has(node)).map(toPoint), style: 'star', colour: 1 },
    { label: translate('chosen'), points: points.filter(({ node }) => node === chosen).map(toPoint), style: 'rings', colour: 5 },
  ];
  const axes = {
    x: {
      title: `${translate(row.title)} (${row.by})`,
      scale: scale ?? scaleOfCosts(points),
      format: (value: number) => formatUnit(row.unit, value),
    },
    y: { title: translate(title), format: (value: number) => formatTick(quality, value) },
    description: translate(
      'Accuracy against {0}. Pareto front: {1}',
      translate(row.title),
      front
        .map(
          (point) => `${nodeTitle(point.title, translate)} ${formatQuality(quality, point.accuracy)} ${formatMeasure(measure, point.cost)}`,
        )
        .join('; '),
    ),
  };
  // Fitted with the targets, so that the lines are in sight and reach from edge to edge.
  const corners: PlotPoint[] = points.map(({ cost, accuracy }) => ({ x: cost, y: accuracy }));
  const [anyPoint] = corners;
  if (anyPoint !== undefined) {
    for (const y of [...leastAccuracies, baseline]) if (y !== undefined) corners.push({ ...anyPoint, y });
    for (const x of mostCosts) corners.push({ ...anyPoint, x });
  }
  const fitted = plotGeometry(
    { ...axes, series: [{ label: '', points: corners, style: 'points', colour: 0 }] },
    { width: 720, height: 320 },
  );
  const [left = 0, right = 1] = fitted.x.domain();
  const [low = 0, high = 1] = fitted.y.domain();
  // Fractions end at 100%.
  const top = unit === 'fraction' ? Math.min(1, high) : high;
  const bottom = unit === 'fraction' ? Math.max(0, low) : low;
  const across = (y: number): readonly PlotPoint[] => [left, right].map((x) => ({ x, y }));
  const lines: PlotSeries[] = [];
  if (baseline !== undefined) lines.push({ label: translate('trained model'), points: across(baseline), style: 'dashed', colour: 'quiet' });
  for (const [index, y] of leastAccuracies.entries())
    lines.push({ label: translate('least accuracy'), points: across(y), style: 'dashed', colour: 4, unlisted: index > 0 });
  for (const [index, x] of mostCosts.entries())
    lines.push({
      label: model.budgets === undefined ? translate('most allowed') : translate('budget'),
      points: [bottom, top].map((y) => ({ x, y })),
      style: 'dashed',
      colour: 3,
      unlisted: index > 0,
    });
  return {
    ...axes,
    series: [...lines, ...marks],
    x: { ...axes.x, minimum: left, maximum: right },
    y: { ...axes.y, minimum: bottom, maximum: top },
  };
}
