import { formatPercent } from '../format.ts';
import type { DensityPanel } from '../density-series.ts';
import { nodeTitle } from '../technique-names.ts';
import type { Translate } from '../translate.ts';
import type { PlotContents } from './plot.ts';

/** The density of a kernel at a node. A bar beyond the axis is cut, and marked as cut. */
export function densityPlot(panel: DensityPanel, kernel: string, translate: Translate): PlotContents {
  return {
    series: [{ label: kernel, points: panel.points, style: 'bars', colour: panel.axis === 'integer' ? 1 : 0 }],
    x: {
      title: panel.axis === 'integer' ? translate('int8 value') : translate('weight'),
      minimum: panel.minimum,
      maximum: panel.maximum,
      format: (value) => String(Number(value.toPrecision(3))),
    },
    y: { title: '', minimum: 0, maximum: panel.greatest, format: (value) => formatPercent(value, value < 0.1 && value > 0 ? 1 : 0) },
    description: `${translate('Density of {0} in {1}', kernel, nodeTitle(panel.title, translate))}: ${describeDensity(panel, translate)}`,
  };
}

export function describeDensity(panel: DensityPanel, translate: Translate): string {
  return translate(
    '{0} zeros, {1} of {2} bins used',
    formatPercent(panel.elements === 0 ? 0 : panel.zeros / panel.elements, 1),
    panel.points.filter((point) => point.y > 0).length,
    panel.points.length,
  );
}
