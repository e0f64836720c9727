import type { CurvePoint } from '../../shared/results.ts';
import { svgElement, svgText } from '../../shared/drawing/svg.ts';

const size = { width: 320, height: 130, left: 40, bottom: 18 } as const;

/** The loss of a training over its steps, as an SVG. */
export function drawLossCurve(points: readonly CurvePoint[], label: string): string {
  const finite = points.filter(({ loss }) => Number.isFinite(loss));
  const highest = Math.max(...finite.map(({ loss }) => loss), Number.MIN_VALUE);
  const last = Math.max(...finite.map(({ step }) => step), 1);
  const x = (step: number): number => size.left + ((size.width - size.left) * step) / last;
  const y = (loss: number): number => (size.height - size.bottom) * (1 - loss / highest);
  const path = finite.map(({ step, loss }, index) => `${index === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join('');
  return svgElement(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', class: 'curve', role: 'img', 'aria-label': label, viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height, 'font-family': 'sans-serif', 'font-size': 11 },
    svgElement('path', { class: 'axis', d: `M${size.left} 0V${size.height - size.bottom}H${size.width}`, fill: 'none', stroke: '#6e6e6e' }),
    svgElement('path', { class: 'line', d: path, fill: 'none', stroke: '#3b78c4', 'stroke-width': 1.5 }),
    svgText(highest.toPrecision(3), { x: size.left - 4, y: 10, 'text-anchor': 'end', fill: '#6e6e6e' }),
    svgText('0', { x: size.left - 4, y: size.height - size.bottom, 'text-anchor': 'end', fill: '#6e6e6e' }),
    svgText(`step ${last}`, { x: size.width, y: size.height - 4, 'text-anchor': 'end', fill: '#6e6e6e' }),
  );
}
