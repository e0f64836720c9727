/** Loss and accuracy of every fine-tuned node over its steps. */
import { curvePlot, type CurveQuantity } from '../../../shared/drawing/plot/curve-plot.ts';
import { drawPlot } from '../../../shared/drawing/plot/draw-plot.ts';
import { english } from '../../../shared/drawing/translate.ts';
import type { ModelState } from '../../../shared/run-state.ts';
import type { NodeResult } from '../../../shared/node-result.ts';
import { element, text } from './markup.ts';

const size = { width: 320, height: 170 };

export function curveFigures(model: ModelState): string {
  const trained = [...model.nodes.values()].filter((result) => result.curve.length > 1);
  if (trained.length === 0) return element('p', {}, 'Nothing was trained.');
  return trained.map(nodeCurves).join('');
}

function nodeCurves(result: NodeResult): string {
  const hasAccuracy = result.curve.filter(({ accuracy }) => accuracy !== undefined).length > 1;
  return element(
    'section',
    {},
    element('h4', {}, text(result.node.title)),
    element('div', { class: 'panels' }, drawCurve(result, 'loss'), ...(hasAccuracy ? [drawCurve(result, 'accuracy')] : [])),
  );
}

function drawCurve({ node, curve }: NodeResult, quantity: CurveQuantity): string {
  const contents = curvePlot({
    curves: [{ label: node.title, points: curve, colour: 0 }],
    quantity,
    smoothing: 0,
    translate: english,
  });
  const values = contents.series[0]?.points ?? [];
  const [first, last] = [values[0], values.at(-1)];
  const label = `Training ${quantity} of ${node.title}`;
  const description =
    first === undefined || last === undefined
      ? label
      : `${label}: from ${contents.y.format(first.y)} at step ${first.x} to ${contents.y.format(last.y)} at step ${last.x}`;
  return drawPlot({ ...contents, description }, size);
}
