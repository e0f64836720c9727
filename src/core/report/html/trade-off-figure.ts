/** Accuracy of every node against what its file costs in one measure, with the front that no other node beats. */
import { formatPercent } from '../../../shared/drawing/format.ts';
import { formatMeasure, formatUnit, type MeasureId, measureRow, sizeMeasure } from '../../../shared/measures.ts';
import { paretoFront, tradeOffPoints } from '../../../shared/drawing/pareto-front.ts';
import { svgElement, svgText } from '../../../shared/drawing/svg.ts';
import type { ModelState } from '../../../shared/run-state.ts';
import { drawAxes, position, type Axis } from './axes.ts';
import { element, text } from './markup.ts';

const size = { width: 720, height: 320 };
const area = { left: 62, top: 22, width: 640, height: 250 };

export function tradeOffFigure(model: ModelState, measure: MeasureId = sizeMeasure): string {
  const row = measureRow(measure);
  const points = tradeOffPoints(model, measure);
  if (points.length < 2) return element('p', {}, 'Fewer than two nodes were measured.');
  const front = paretoFront(points);
  const x: Axis = {
    minimum: 0,
    maximum: Math.max(...points.map((point) => point.cost)) * 1.05,
    title: `${row.title} (${row.by})`,
    format: (value) => formatUnit(row.unit, value),
  };
  const accuracies = points.map((point) => point.accuracy);
  const room = Math.max(1e-3, (Math.max(...accuracies) - Math.min(...accuracies)) * 0.1);
  const y: Axis = {
    minimum: Math.min(...accuracies) - room,
    maximum: Math.max(...accuracies) + room,
    title: 'top-1 accuracy',
    format: (value) => formatPercent(value),
  };
  const place = ({
    cost,
    accuracy,
  }: {
    readonly cost: number;
    readonly accuracy: number;
  }): { readonly cx: number; readonly cy: number } => ({
    cx: position(x, cost, area.left, area.width),
    cy: area.top + area.height - position(y, accuracy, 0, area.height),
  });
  const label = `Accuracy against ${row.title.toLowerCase()} of ${points.length} nodes; not beaten by any other: ${front.map((point) => point.title).join(', ')}`;
  const marks = points.map((point, index) => {
    const { cx, cy } = place(point);
    return svgElement(
      'g',
      { class: point.leaf ? 'mark leaf' : 'mark' },
      svgElement('title', {}, text(`${point.title}: ${formatPercent(point.accuracy)}, ${formatMeasure(measure, point.cost)}`)),
      svgElement('circle', { cx, cy, r: 5 }),
      svgText(String(index + 1), { x: cx + 8, y: cy + 4 }),
    );
  });
  const line = front
    .map((point, index) => `${index === 0 ? 'M' : 'L'}${place(point).cx.toFixed(1)} ${place(point).cy.toFixed(1)}`)
    .join('');
  const drawing = svgElement(
    'svg',
    {
      role: 'img',
      'aria-label': label,
      class: 'trade-off',
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
    },
    svgElement('title', {}, text(label)),
    svgElement('path', { class: 'front', d: line }),
    ...marks,
    drawAxes(area, x, y),
  );
  const legend = points.map((point) =>
    element(
      'li',
      {},
      text(
        `${point.title}: ${formatPercent(point.accuracy)}, ${formatMeasure(measure, point.cost)}${front.includes(point) ? ' (not beaten in both)' : ''}`,
      ),
    ),
  );
  return (
    element('figure', {}, drawing, element('figcaption', {}, 'Leaves are filled; the line joins the nodes that no other beats in both.')) +
    element('ol', { class: 'legend' }, ...legend)
  );
}
