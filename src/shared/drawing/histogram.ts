/** The histogram of one kernel as an SVG: bars over the weight's own axis or over the integers. */
import type { DensityPlot } from '../results.ts';
import { svgElement, svgText } from './svg.ts';

const size = { width: 320, height: 130, bottom: 18 } as const;

/** `label` names the drawing for screen readers. */
export function drawHistogram(plot: DensityPlot, label: string): string {
  const highest = Math.max(1, ...plot.counts);
  const barWidth = size.width / Math.max(1, plot.counts.length);
  const plotHeight = size.height - size.bottom;
  const bars = plot.counts.flatMap((count, index) => {
    // A bin that is not empty is at least one pixel high.
    const height = Math.max(1, (count / highest) * plotHeight);
    return count === 0
      ? []
      : [svgElement('rect', { x: index * barWidth, y: plotHeight - height, width: Math.max(0.75, barWidth * 0.9), height })];
  });
  const limits = plot.axis === 'integer' ? [-128, 127] : [plot.minimum, plot.maximum].map((limit) => Number(limit.toPrecision(3)));
  const [least = 0, greatest = 0] = limits;
  return svgElement(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'histogram',
      role: 'img',
      'aria-label': label,
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
      'font-family': 'sans-serif',
      'font-size': 11,
    },
    svgElement('g', { class: 'bars', fill: '#3b78c4' }, ...bars),
    svgElement('path', { class: 'axis', d: `M0 ${plotHeight}H${size.width}`, stroke: '#6e6e6e' }),
    svgText(String(least), { x: 0, y: size.height - 4, fill: '#6e6e6e' }),
    svgText(String(greatest), { x: size.width, y: size.height - 4, 'text-anchor': 'end', fill: '#6e6e6e' }),
  );
}
