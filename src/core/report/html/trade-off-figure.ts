/** Accuracy of every node against what its file costs in one measure, with the front that no other node beats. */
import { drawLegendMark, drawPlot, listedSeries } from '../../../shared/drawing/plot/draw-plot.ts';
import { tradeOffPlot } from '../../../shared/drawing/plot/trade-off-plot.ts';
import { paretoFront, tradeOffPoints, tradeOffQuality } from '../../../shared/drawing/pareto-front.ts';
import { english } from '../../../shared/drawing/translate.ts';
import { type MeasureId, sizeMeasure } from '../../../shared/measures.ts';
import { formatMeasure } from '../../../shared/measure-figures.ts';
import { formatQuality } from '../../../shared/qualities.ts';
import type { Targets } from '../../../shared/recipe/targets.ts';
import type { ModelState } from '../../../shared/run-state.ts';
import { element, text } from './markup.ts';

const size = { width: 820, height: 360 };

export function tradeOffFigure(model: ModelState, targets: Targets, measure: MeasureId = sizeMeasure): string {
  const points = tradeOffPoints(model, measure);
  if (points.length < 2) return element('p', {}, 'Fewer than two nodes were measured.');
  const plot = tradeOffPlot({ model, measure, scale: undefined, targets, chosen: undefined, translate: english });
  const marks = listedSeries(plot).map((series) => element('li', {}, drawLegendMark(series), text(series.label)));
  const quality = tradeOffQuality(model);
  const front = paretoFront(points, quality);
  const figures = points.map((point) =>
    element(
      'li',
      {},
      text(
        `${point.title}: ${formatQuality(quality, point.accuracy)}, ${formatMeasure(measure, point.cost)}${front.includes(point) ? ' (not beaten in both)' : ''}`,
      ),
    ),
  );
  return (
    element('figure', { class: 'trade-off' }, drawPlot(plot, size), element('ul', { class: 'plot-legend' }, ...marks)) +
    element('ul', { class: 'legend' }, ...figures)
  );
}
