/** Shows a plot as SVG, as wide as there is room, with a readout of what is near the pointer. */
import { drawLegendMark, drawPlot, listedSeries } from '../src/shared/drawing/plot/draw-plot.ts';
import { plotGeometry, type PlotContents, type PlotGeometry, type PlotPoint, type PlotSeries } from '../src/shared/drawing/plot/plot.ts';
import { element, parseSvg, setHidden } from './dom.ts';
import { queuePlot } from './plot-queue.ts';

export interface Plot {
  readonly element: HTMLElement;
  update(contents: PlotContents): void;
  dispose(): void;
}

const heights = { small: 170, large: 320 };
/** How near the pointer has to be to a point of its own, in pixels. */
const reach = 24;

/** @param onChoose is given the key of a point that was clicked */
export function createPlot(size: keyof typeof heights, onChoose?: (key: string) => void): Plot {
  const drawing = element('div', { class: 'plot-drawing' });
  const guide = element('div', { class: 'plot-guide', hidden: true });
  const readout = element('div', { class: 'plot-readout', hidden: true });
  const frame = element('div', { class: `plot ${size}` }, drawing, guide, readout);
  const legend = element('ul', { class: 'plot-legend' });
  let contents: PlotContents | undefined;
  let geometry: PlotGeometry | undefined;
  let width = 0;
  let drawn = '';
  let listed = '';
  const draw = (): void => {
    if (contents === undefined || width === 0) return;
    const measured = { width, height: heights[size] };
    geometry = plotGeometry(contents, measured);
    const text = drawPlot(contents, measured);
    if (text === drawn) return;
    drawn = text;
    drawing.replaceChildren(parseSvg(text));
    if (size === 'small') return;
    const series = listedSeries(contents);
    const names = JSON.stringify(series.map(({ label, style, colour }) => [label, style, colour]));
    if (names === listed) return;
    listed = names;
    legend.replaceChildren(...series.map((one) => element('li', {}, parseSvg(drawLegendMark(one)), one.label)));
  };
  const queued = queuePlot(frame, draw);
  const resized = new ResizeObserver(() => {
    const now = Math.round(frame.clientWidth);
    if (now === width || now === 0) return;
    width = now;
    queued.request();
  });
  resized.observe(frame);
  frame.addEventListener('pointermove', (event) => {
    const box = frame.getBoundingClientRect();
    const found = contents && geometry && nearest(contents, geometry, event.clientX - box.left, event.clientY - box.top);
    setHidden(readout, found === undefined);
    setHidden(guide, found?.guide !== true);
    if (found === undefined || geometry === undefined) return;
    readout.replaceChildren(...found.lines);
    guide.style.left = `${found.x}px`;
    guide.style.top = `${geometry.area.top}px`;
    guide.style.height = `${geometry.area.height}px`;
    // On the side with more room, so that the pointer hides nothing of it.
    const isLeft = found.x > width / 2;
    readout.style.left = isLeft ? 'auto' : `${found.x + 14}px`;
    readout.style.right = isLeft ? `${width - found.x + 14}px` : 'auto';
    readout.style.top = `${geometry.area.top + 4}px`;
  });
  frame.addEventListener('pointerleave', () => {
    setHidden(readout, true);
    setHidden(guide, true);
  });
  drawing.addEventListener('click', (event) => {
    const key = event.target instanceof Element ? event.target.closest<SVGElement>('[data-key]')?.dataset['key'] : undefined;
    if (key !== undefined) onChoose?.(key);
  });
  return {
    element: element('div', { class: `plot-with-legend ${size}` }, frame, ...(size === 'large' ? [legend] : [])),
    update(next) {
      contents = next;
      queued.request();
    },
    dispose() {
      queued.dispose();
      resized.disconnect();
    },
  };
}

interface Readout {
  /** In pixels of the frame. */
  readonly x: number;
  /** Whether a line stands there: what is shown belongs to one place on the horizontal axis. */
  readonly guide: boolean;
  readonly lines: readonly HTMLElement[];
}

function nearest(contents: PlotContents, geometry: PlotGeometry, x: number, y: number): Readout | undefined {
  const curves = contents.series.filter(({ style }) => style === 'line' || style === 'bars');
  const points = contents.series.filter(({ style }) => style === 'points' || style === 'hollow' || style === 'star');
  return points.length > 0 ? nearestPoint(points, geometry, x, y) : acrossSeries(contents, curves, geometry, x);
}

function nearestPoint(series: readonly PlotSeries[], geometry: PlotGeometry, x: number, y: number): Readout | undefined {
  const near = series
    .flatMap((one) => one.points)
    .map((point) => ({ point, distance: Math.hypot(geometry.x(point.x) - x, geometry.y(point.y) - y) }))
    .filter(({ distance }) => distance <= reach)
    .toSorted((a, b) => a.distance - b.distance);
  const [first] = near;
  if (first === undefined) return undefined;
  // Points that lie on one another are all named.
  const lines = near.filter(({ distance }) => distance < first.distance + 4).map(({ point }) => element('p', {}, point.label ?? ''));
  return { x: geometry.x(first.point.x), guide: false, lines };
}

/** The values of every series at the place nearest to the pointer, the greatest first. */
function acrossSeries(contents: PlotContents, series: readonly PlotSeries[], geometry: PlotGeometry, x: number): Readout | undefined {
  const { left, width } = geometry.area;
  if (x < left - 4 || x > left + width + 4) return undefined;
  const wanted = geometry.x.invert(x);
  const found = series.flatMap((one) => {
    const point = closest(one.points, wanted);
    return point === undefined ? [] : [{ series: one, point }];
  });
  const at = found.toSorted((a, b) => Math.abs(a.point.x - wanted) - Math.abs(b.point.x - wanted))[0]?.point.x;
  if (at === undefined) return undefined;
  const rows = found
    .filter(({ series: one, point }) => one.style !== 'bars' || point.y > 0)
    .toSorted((a, b) => b.point.y - a.point.y)
    .map(({ series: one, point }) =>
      element(
        'p',
        { class: one.colour === 'quiet' ? 'other' : undefined },
        parseSvg(drawLegendMark(one)),
        `${one.label}: ${contents.y.format(point.y)}`,
      ),
    );
  return {
    x: geometry.x(at),
    guide: true,
    lines: [element('p', { class: 'quiet' }, `${contents.x.title} ${contents.x.format(at)}`), ...rows],
  };
}

/** Points are in the order of x. */
function closest(points: readonly PlotPoint[], x: number): PlotPoint | undefined {
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.x ?? 0) < x) low = middle;
    else high = middle;
  }
  const [a, b] = [points[low], points[high]];
  return a !== undefined && b !== undefined && Math.abs(a.x - x) <= Math.abs(b.x - x) ? a : b;
}
