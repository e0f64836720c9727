/** The only module that uses chart.js: how much of each class is right, of two files side by side. */
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, Tooltip } from 'chart.js';
import { formatPercent } from '../src/shared/drawing/format.ts';
import { element } from './dom.ts';
import { translate } from './page-data.ts';
import { queuePlot } from './plot-queue.ts';

Chart.register(BarController, BarElement, CategoryScale, Legend, LinearScale, Tooltip);

export interface ClassBars {
  readonly label: string;
  /** CSS variable of the editor's theme. */
  readonly colour: string;
  /** Part of each class that is right, 0..1; undefined without examples. */
  readonly right: readonly (number | undefined)[];
}

export interface ClassChart {
  readonly element: HTMLElement;
  update(description: string, bars: readonly ClassBars[]): void;
}

export function createClassChart(): ClassChart {
  const canvas = element('canvas', { role: 'img', 'aria-label': translate('Classes') });
  let chart: Chart<'bar', (number | null)[], string> | undefined;
  let shown: readonly ClassBars[] = [];
  const draw = (): void => {
    const style = getComputedStyle(document.documentElement);
    const read = (name: string): string => style.getPropertyValue(name).trim() || '#888888';
    const foreground = read('--vscode-editor-foreground');
    const ticks = { color: foreground };
    const data = {
      labels: (shown[0]?.right ?? []).map((_, label) => String(label)),
      datasets: shown.map(({ label, colour, right }) => ({
        label,
        backgroundColor: read(colour),
        data: right.map((part) => part ?? null),
      })),
    };
    chart?.destroy();
    chart = new Chart(canvas, {
      type: 'bar',
      data,
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        scales: {
          x: { ticks, grid: { display: false } },
          y: {
            min: 0,
            max: 1,
            ticks: { ...ticks, callback: (value) => formatPercent(Number(value), 0) },
            grid: { color: `${foreground}30` },
          },
        },
        plugins: {
          legend: { labels: { color: foreground } },
          tooltip: { callbacks: { label: ({ dataset, parsed }) => `${dataset.label ?? ''}: ${formatPercent(parsed.y ?? undefined, 1)}` } },
        },
      },
    });
  };
  const frame = element('div', { class: 'class-chart' }, canvas);
  const queued = queuePlot(frame, draw);
  // The editor rewrites its variables and the body's class when the theme changes.
  new MutationObserver(() => queued.request()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  return {
    element: frame,
    update(description, bars) {
      shown = bars;
      canvas.setAttribute('aria-label', description);
      queued.request();
    },
  };
}
