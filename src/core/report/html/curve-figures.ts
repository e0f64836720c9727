/** Loss and accuracy of every fine-tuned node over its steps. */
import { formatPercent } from '../../../shared/drawing/format.ts';
import { svgElement } from '../../../shared/drawing/svg.ts';
import type { ModelState, NodeResult } from '../../../shared/run-state.ts';
import { drawAxes, position, type Axis } from './axes.ts';
import { element, text } from './markup.ts';

const size = { width: 320, height: 170 };
const area = { left: 46, top: 20, width: 264, height: 112 };

interface Sample {
  readonly x: number;
  readonly y: number;
}

export function curveFigures(model: ModelState): string {
  const trained = [...model.nodes.values()].filter((result) => result.curve.length > 1);
  if (trained.length === 0) return element('p', {}, 'Nothing was trained.');
  return trained.map(nodeCurves).join('');
}

function nodeCurves({ node, curve }: NodeResult): string {
  const accuracy = curve.flatMap(({ step, accuracy: y }) => (y === undefined ? [] : [{ x: step, y }]));
  return element(
    'section',
    {},
    element('h4', {}, text(node.title)),
    element(
      'div',
      { class: 'panels' },
      drawCurve(
        `Training loss of ${node.title}`,
        'loss',
        curve.map(({ step, loss }) => ({ x: step, y: loss })),
        (value) => String(Number(value.toPrecision(3))),
      ),
      ...(accuracy.length > 1
        ? [drawCurve(`Training accuracy of ${node.title}`, 'accuracy', accuracy, (value) => formatPercent(value, 1))]
        : []),
    ),
  );
}

function drawCurve(label: string, title: string, samples: readonly Sample[], format: (value: number) => string): string {
  const finite = samples.filter(({ y }) => Number.isFinite(y));
  const x: Axis = { ...limits(finite.map((sample) => sample.x)), title: 'step', format: (value) => String(Math.round(value)) };
  const y: Axis = { ...limits(finite.map((sample) => sample.y)), title, format };
  const bottom = area.top + area.height;
  const line = finite
    .map(
      (sample, index) =>
        `${index === 0 ? 'M' : 'L'}${position(x, sample.x, area.left, area.width).toFixed(1)} ${(bottom - position(y, sample.y, 0, area.height)).toFixed(1)}`,
    )
    .join('');
  const [first] = finite;
  const last = finite.at(-1);
  const description =
    first === undefined || last === undefined
      ? label
      : `${label}: from ${format(first.y)} at step ${first.x} to ${format(last.y)} at step ${last.x}`;
  return svgElement(
    'svg',
    { role: 'img', 'aria-label': description, viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height },
    svgElement('title', {}, text(description)),
    svgElement('path', { class: 'line', d: line }),
    drawAxes(area, x, y),
  );
}

function limits(values: readonly number[]): { readonly minimum: number; readonly maximum: number } {
  return values.length === 0
    ? { minimum: 0, maximum: 1 }
    : { minimum: values.reduce((a, b) => Math.min(a, b)), maximum: values.reduce((a, b) => Math.max(a, b)) };
}
