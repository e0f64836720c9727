/** The only module that uses chart.js: draws series of points on two axes. */
import { Chart, Filler, Legend, LinearScale, LineElement, PointElement, ScatterController, Tooltip } from 'chart.js';
import type { ChartDataset, ChartOptions } from 'chart.js';
import { element } from './dom.ts';
import { queuePlot } from './plot-queue.ts';
import type { QueuedPlot } from './plot-queue.ts';
import { onThemeChange, themeColours } from './theme.ts';
import type { ThemeColours } from './theme.ts';

Chart.register(Filler, Legend, LinearScale, LineElement, PointElement, ScatterController, Tooltip);

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  readonly label?: string;
}

export interface PlotSeries {
  readonly label: string;
  readonly points: readonly PlotPoint[];
  readonly style: 'points' | 'rings' | 'line' | 'dashed' | 'steps';
  /** Counts through the theme's chart colours. */
  readonly colour: number;
}

export interface PlotAxis {
  readonly title: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: (value: number) => string;
}

export interface PlotContents {
  readonly series: readonly PlotSeries[];
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly legend: boolean;
  /** Description for screen readers. */
  readonly description: string;
}

export interface Plot {
  readonly element: HTMLElement;
  update(contents: PlotContents): void;
  dispose(): void;
}

const livePlots = new Set<QueuedPlot>();
onThemeChange(() => {
  for (const plot of livePlots) plot.request();
});

export function createPlot(size: 'small' | 'large', onClickPoint?: (series: number, point: number) => void): Plot {
  const canvas = element('canvas', { role: 'img' });
  let chart: Chart<'scatter', PlotPoint[]> | undefined;
  let contents: PlotContents | undefined;
  const draw = (): void => {
    if (contents === undefined) return;
    const colours = themeColours();
    const data = { datasets: contents.series.map((series) => toDataset(series, colours)) };
    const scales = { x: toScale(contents.x, colours), y: toScale(contents.y, colours) };
    if (chart === undefined) {
      chart = new Chart<'scatter', PlotPoint[]>(canvas, {
        type: 'scatter',
        data,
        options: {
          animation: false,
          parsing: false,
          normalized: true,
          responsive: true,
          maintainAspectRatio: false,
          scales,
          plugins: {
            legend: { display: contents.legend, labels: legendLabels(colours) },
            tooltip: { callbacks: { label: (item) => describePoint(item.raw as PlotPoint, item.dataset.label ?? '', contents) } },
          },
          onClick: (_event, hits) => {
            const [hit] = hits;
            if (hit !== undefined) onClickPoint?.(hit.datasetIndex, hit.index);
          },
        },
      });
      return;
    }
    chart.data = data;
    chart.options.scales = scales;
    if (chart.options.plugins?.legend !== undefined) chart.options.plugins.legend.labels = legendLabels(colours);
    chart.update('none');
  };
  const frame = element('div', { class: `plot ${size}` }, canvas);
  const queued = queuePlot(frame, draw);
  livePlots.add(queued);
  return {
    element: frame,
    update(next) {
      contents = next;
      canvas.setAttribute('aria-label', next.description);
      queued.request();
    },
    dispose() {
      livePlots.delete(queued);
      queued.dispose();
      chart?.destroy();
    },
  };
}

function legendLabels(colours: ThemeColours): { readonly color: string; readonly usePointStyle: true; readonly boxHeight: number } {
  return { color: colours.foreground, usePointStyle: true, boxHeight: 7 };
}

function describePoint(point: PlotPoint, series: string, contents: PlotContents | undefined): string {
  const figures = `${(contents?.x.format ?? String)(point.x)}, ${(contents?.y.format ?? String)(point.y)}`;
  return `${point.label ?? series}: ${figures}`;
}

function toDataset(series: PlotSeries, colours: ThemeColours): ChartDataset<'scatter', PlotPoint[]> {
  const colour = colours.series[series.colour % colours.series.length] ?? colours.foreground;
  const rings = series.style === 'rings';
  const line = series.style !== 'points' && !rings;
  return {
    label: series.label,
    data: [...series.points],
    showLine: line,
    borderColor: colour,
    borderWidth: line || rings ? 1.5 : 1,
    backgroundColor: backgroundOf(series, colour),
    pointStyle: line ? 'line' : 'circle',
    pointRadius: line ? 0 : rings ? 9 : 5,
    pointHitRadius: 6,
    fill: series.style === 'steps' ? 'origin' : false,
    ...(series.style === 'steps' ? { stepped: 'middle' as const } : {}),
    ...(series.style === 'dashed' ? { borderDash: [6, 4] } : {}),
  };
}

function backgroundOf({ style }: PlotSeries, colour: string): string {
  switch (style) {
    case 'steps':
      return `color-mix(in srgb, ${colour} 40%, transparent)`;
    case 'rings':
      return 'transparent';
    case 'points':
    case 'line':
    case 'dashed':
      return colour;
  }
}

function toScale(axis: PlotAxis, colours: ThemeColours): NonNullable<NonNullable<ChartOptions<'scatter'>['scales']>[string]> {
  const { format } = axis;
  return {
    type: 'linear',
    ...(axis.minimum === undefined ? {} : { min: axis.minimum }),
    ...(axis.maximum === undefined ? {} : { max: axis.maximum }),
    title: { display: axis.title !== '', text: axis.title, color: colours.foreground },
    ticks: {
      color: colours.foreground,
      maxRotation: 0,
      maxTicksLimit: 6,
      ...(format === undefined ? {} : { callback: (value: number | string) => format(Number(value)) }),
    },
    grid: { color: colours.grid, lineWidth: 0.5 },
    border: { color: colours.grid },
  };
}
