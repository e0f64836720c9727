import { svgElement, svgText } from '../../../shared/drawing/svg.ts';

export interface Axis {
  readonly minimum: number;
  readonly maximum: number;
  readonly title: string;
  readonly format: (value: number) => string;
}

/** The rectangle that values are drawn in, in pixels. */
export interface PlotArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function position(axis: Axis, value: number, start: number, length: number): number {
  const span = axis.maximum - axis.minimum;
  return start + (span === 0 ? 0.5 : (value - axis.minimum) / span) * length;
}

/** Lines at the left and below, with the limits and the middle written beside them. */
export function drawAxes(area: PlotArea, x: Axis, y: Axis): string {
  const bottom = area.top + area.height;
  const marks = (axis: Axis): readonly number[] => [axis.minimum, (axis.minimum + axis.maximum) / 2, axis.maximum];
  const anchors = ['start', 'middle', 'end'];
  return [
    svgElement('path', { class: 'axis', d: `M${area.left} ${area.top}V${bottom}H${area.left + area.width}` }),
    ...marks(x).map((value, index) =>
      svgText(x.format(value), { x: position(x, value, area.left, area.width), y: bottom + 13, 'text-anchor': anchors[index] }),
    ),
    ...marks(y).map((value) =>
      svgText(y.format(value), { x: area.left - 5, y: bottom - (position(y, value, 0, area.height) - 4), 'text-anchor': 'end' }),
    ),
    ...(x.title === '' ? [] : [svgText(x.title, { x: area.left + area.width / 2, y: bottom + 27, 'text-anchor': 'middle' })]),
    ...(y.title === '' ? [] : [svgText(y.title, { x: area.left, y: area.top - 6 })]),
  ].join('');
}
