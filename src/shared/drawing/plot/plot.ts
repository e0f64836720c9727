/** What a plot shows, and where: plain data that the panel and the reports draw with the same code. */
import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3-scale';

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Shown when the pointer is near. */
  readonly label?: string | undefined;
  /** Written beside the point. */
  readonly name?: string | undefined;
  /** What a click chooses. */
  readonly key?: string | undefined;
}

export interface PlotSeries {
  readonly label: string;
  readonly points: readonly PlotPoint[];
  /** `bars` stand on the axis, centred on x, as wide as their distance. */
  readonly style: 'points' | 'hollow' | 'rings' | 'star' | 'line' | 'faint' | 'dashed' | 'bars';
  /** Which of the theme's colours; `quiet` for what is only there to compare with. */
  readonly colour: SeriesColour;
  /** Left out of the legend. */
  readonly unlisted?: boolean | undefined;
}

/** No plot has more series that need telling apart, so that no colour comes twice. */
export type SeriesColour = 0 | 1 | 2 | 3 | 4 | 5 | 'quiet';

export interface PlotAxis {
  readonly title: string;
  readonly scale?: 'linear' | 'log' | undefined;
  /** Ends of the axis; else it fits the points, with round ends. */
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly format: (value: number) => string;
}

export interface PlotContents {
  readonly series: readonly PlotSeries[];
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  /** For screen readers. */
  readonly description: string;
}

/** In pixels. */
export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

export interface PlotArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PlotGeometry {
  readonly area: PlotArea;
  readonly x: ScaleContinuousNumeric<number, number>;
  readonly y: ScaleContinuousNumeric<number, number>;
  readonly ticks: { readonly x: readonly number[]; readonly y: readonly number[] };
}

/** Where values are drawn; y grows upwards. */
export function plotGeometry({ series, x, y }: PlotContents, size: PlotSize): PlotGeometry {
  const points = series.flatMap((one) => one.points);
  const counts = { x: Math.max(2, Math.min(8, Math.floor(size.width / 90))), y: Math.max(2, Math.floor(size.height / 50)) };
  const vertical = scaleOf(
    y,
    points.map((point) => point.y),
    counts.y,
  );
  const yTicks = ticksOf(vertical, counts.y);
  const left = 14 + Math.max(...yTicks.map((tick) => textWidth(y.format(tick))), 10);
  const top = y.title === '' ? 8 : 22;
  const horizontal = scaleOf(
    x,
    points.map((point) => point.x),
    counts.x,
  );
  // The text of the last tick reaches beyond the axis.
  const right = Math.max(16, 4 + textWidth(x.format(ticksOf(horizontal, counts.x).at(-1) ?? 0)) / 2);
  const area = {
    left,
    top,
    width: Math.max(20, size.width - left - right),
    height: Math.max(20, size.height - top - (x.title === '' ? 20 : 36)),
  };
  horizontal.range([area.left, area.left + area.width]);
  return {
    area,
    x: horizontal,
    y: vertical.range([area.top + area.height, area.top]),
    ticks: { x: withRoom(ticksOf(horizontal, counts.x), horizontal, x.format), y: yTicks },
  };
}

/** Of text of 11 pixels, about: letters of Chinese are twice as wide. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += character > '\u2e7f' ? 11 : 6.1;
  return width;
}

/** Room around fitted points, as a part of their extent. */
const margin = 0.06;

function scaleOf(axis: PlotAxis, values: readonly number[], count: number): ScaleContinuousNumeric<number, number> {
  const isLog = axis.scale === 'log';
  const finite = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0));
  const least = axis.minimum ?? finite.reduce((a, b) => Math.min(a, b), Infinity);
  const most = axis.maximum ?? finite.reduce((a, b) => Math.max(a, b), -Infinity);
  if (isLog) {
    const [low, high] = least > 0 && least <= most ? [least, most] : [1, 10];
    const factor = low === high ? 1.5 : (high / low) ** margin;
    return scaleLog().domain([axis.minimum === undefined ? low / factor : low, axis.maximum === undefined ? high * factor : high]);
  }
  const [low, high] = least <= most ? [least, most] : [0, 1];
  const room = high === low ? Math.max(Math.abs(high) * 0.05, 1e-3) : (high - low) * margin;
  const scale = scaleLinear().domain([axis.minimum ?? low - room, axis.maximum ?? high + room]);
  if (axis.minimum !== undefined && axis.maximum !== undefined) return scale;
  const [niceLow = 0, niceHigh = 1] = scale.copy().nice(count).domain();
  return scale.domain([axis.minimum ?? niceLow, axis.maximum ?? niceHigh]);
}

/** Of a long logarithmic axis, 1, 2 and 5 times each power of ten, or the powers alone. */
function ticksOf(scale: ScaleContinuousNumeric<number, number>, count: number): readonly number[] {
  const ticks = scale.ticks(count);
  if (ticks.length <= count * 2) return ticks;
  const leading = (tick: number): number => Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9));
  const some = ticks.filter((tick) => [1, 2, 5].includes(leading(tick)));
  return some.length <= count * 2 ? some : ticks.filter((tick) => leading(tick) === 1);
}

/** Without the ticks whose text would run into the one before. */
function withRoom(
  ticks: readonly number[],
  scale: ScaleContinuousNumeric<number, number>,
  format: (value: number) => string,
): readonly number[] {
  const kept: number[] = [];
  let end = -Infinity;
  for (const tick of ticks) {
    const half = textWidth(format(tick)) / 2;
    if (scale(tick) - half < end + 6) continue;
    kept.push(tick);
    end = scale(tick) + half;
  }
  return kept;
}
