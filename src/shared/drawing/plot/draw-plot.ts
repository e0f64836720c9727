/** Draws a plot as SVG text. Colours come from the page's style sheet, by the classes `series-0` to `series-5` and `series-quiet`. */
import { escapeXml, svgElement, svgText } from '../svg.ts';
import {
  plotGeometry,
  textWidth,
  type PlotArea,
  type PlotContents,
  type PlotGeometry,
  type PlotPoint,
  type PlotSeries,
  type PlotSize,
} from './plot.ts';

export function drawPlot(contents: PlotContents, size: PlotSize): string {
  const geometry = plotGeometry(contents, size);
  return svgElement(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'chart',
      role: 'img',
      'aria-label': contents.description,
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
    },
    svgElement('title', {}, escapeXml(contents.description)),
    drawAxes(contents, geometry),
    ...contents.series.map((series) => drawSeries(series, geometry, contents.y.format)),
    drawNames(contents.series, geometry),
  );
}

/** The legend's entries as SVG pictures in the series' own styles, to be set beside their labels. */
export function drawLegendMark(series: PlotSeries): string {
  const middle = { x: 13, y: 6 };
  const inner =
    series.style === 'bars'
      ? svgElement('rect', { class: 'bars', x: 6, y: 1, width: 14, height: 10 })
      : isLine(series)
        ? svgElement('path', { class: series.style === 'line' ? 'line' : `line ${series.style}`, d: 'M1 6H25' })
        : drawMark(series, middle, undefined);
  return svgElement(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', class: `chart mark-of-legend`, width: 26, height: 12, 'aria-hidden': true },
    svgElement('g', { class: `series-${series.colour}` }, inner),
  );
}

export function listedSeries(contents: PlotContents): readonly PlotSeries[] {
  // One point makes no line.
  return contents.series.filter((series) => series.unlisted !== true && series.points.length > (isLine(series) ? 1 : 0));
}

function drawAxes({ x, y }: PlotContents, geometry: PlotGeometry): string {
  const { area, ticks } = geometry;
  const bottom = area.top + area.height;
  const grid = [
    ...ticks.x.map((tick) => `M${round(geometry.x(tick))} ${area.top}V${bottom}`),
    ...ticks.y.map((tick) => `M${area.left} ${round(geometry.y(tick))}H${area.left + area.width}`),
  ];
  return [
    svgElement('path', { class: 'grid', d: grid.join('') }),
    svgElement('path', { class: 'axis', d: `M${area.left} ${area.top}V${bottom}H${area.left + area.width}` }),
    ...ticks.x.map((tick) => svgText(x.format(tick), { x: geometry.x(tick), y: bottom + 14, 'text-anchor': 'middle' })),
    ...ticks.y.map((tick) => svgText(y.format(tick), { x: area.left - 6, y: geometry.y(tick) + 4, 'text-anchor': 'end' })),
    ...(x.title === ''
      ? []
      : [svgText(x.title, { class: 'axis-title', x: area.left + area.width / 2, y: bottom + 30, 'text-anchor': 'middle' })]),
    ...(y.title === '' ? [] : [svgText(y.title, { class: 'axis-title', x: 4, y: 12 })]),
  ].join('');
}

function isLine({ style }: PlotSeries): boolean {
  return style === 'line' || style === 'faint' || style === 'dashed';
}

function drawSeries(series: PlotSeries, geometry: PlotGeometry, format: (value: number) => string): string {
  const points = series.points.filter(({ x, y }) => Number.isFinite(geometry.x(x)) && Number.isFinite(geometry.y(y)));
  const inner = isLine(series)
    ? points.length === 0
      ? []
      : [
          svgElement('path', {
            class: series.style === 'line' ? 'line' : `line ${series.style}`,
            d: points
              .map((point, index) => `${index === 0 ? 'M' : 'L'}${round(geometry.x(point.x))} ${round(geometry.y(point.y))}`)
              .join(''),
          }),
        ]
    : series.style === 'bars'
      ? drawBars(points, geometry, format)
      : points.map((point) => drawMark(series, { x: geometry.x(point.x), y: geometry.y(point.y) }, point));
  return svgElement('g', { class: `series-${series.colour}` }, ...inner, ...(inner.length === 0 ? [''] : []));
}

function drawMark({ style }: PlotSeries, { x, y }: { readonly x: number; readonly y: number }, point: PlotPoint | undefined): string {
  const attributes = { class: style, 'data-key': point?.key };
  const title = point?.label === undefined ? [] : [svgElement('title', {}, escapeXml(point.label))];
  if (style === 'star') return svgElement('path', { ...attributes, d: star(x, y, point === undefined ? 6 : 8) }, ...title);
  return svgElement('circle', { ...attributes, cx: x, cy: y, r: style === 'rings' && point !== undefined ? 9 : 4.5 }, ...title);
}

function star(x: number, y: number, radius: number): string {
  const corner = (index: number): string => {
    const r = index % 2 === 0 ? radius : radius * 0.42;
    const angle = (Math.PI * index) / 5 - Math.PI / 2;
    return `${round(x + r * Math.cos(angle))} ${round(y + r * Math.sin(angle))}`;
  };
  return `M${Array.from({ length: 10 }, (_, index) => corner(index)).join('L')}Z`;
}

/** A bar that is higher than the axis is cut: it ends in a break, with its height written beside it. */
function drawBars(points: readonly PlotPoint[], { x, y, area }: PlotGeometry, format: (value: number) => string): readonly string[] {
  const [first, second] = points;
  const width = first === undefined || second === undefined ? 8 : Math.max(0.8, Math.abs(x(second.x) - x(first.x)));
  const [, most = 1] = y.domain();
  const bottom = area.top + area.height;
  const bars = points
    .filter((point) => point.y > 0)
    // A bin that is not empty is at least one pixel high.
    .map((point) => ({
      left: x(point.x) - width / 2,
      top: Math.min(bottom - 1, Math.max(area.top, y(point.y))),
      point,
      isCut: point.y > most * (1 + 1e-9),
    }));
  const cut = bars.filter(({ isCut }) => isCut);
  return [
    svgElement('path', {
      class: 'bars',
      d: bars.map(({ left, top }) => `M${round(left)} ${round(bottom)}V${round(top)}h${round(width)}V${round(bottom)}z`).join(''),
    }),
    ...cut.flatMap(({ left, point }) => [
      svgElement('path', { class: 'cut', d: cutMark(left, left + width, area) }),
      cutText(format(point.y), left, left + width, area),
    ]),
  ];
}

/** Two strokes across the bar. */
function cutMark(left: number, right: number, { top }: PlotArea): string {
  return [top + 9, top + 13].map((y) => `M${round(left - 3)} ${round(y + 3)}L${round(right + 3)} ${round(y - 3)}`).join('');
}

function cutText(text: string, left: number, right: number, { top, left: start, width }: PlotArea): string {
  const isRoom = right + 6 + textWidth(text) < start + width;
  return svgText(text, { class: 'cut-height', x: isRoom ? right + 6 : left - 6, y: top + 10, 'text-anchor': isRoom ? 'start' : 'end' });
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Names of points where they hide no point and no other name; those that find no place are left out. */
function drawNames(series: readonly PlotSeries[], { x, y, area }: PlotGeometry): string {
  // The recommended one is named before the others take the room.
  const marks = series
    .filter((one) => !isLine(one) && one.style !== 'bars')
    .toSorted((a, b) => Number(b.style === 'star') - Number(a.style === 'star'))
    .flatMap((one) => one.points);
  const named = new Map(marks.filter(({ name }) => name !== undefined).map((point) => [`${point.name} ${point.x} ${point.y}`, point]));
  const taken: Box[] = marks.map((point) => boxAround(x(point.x), y(point.y), 5, 5));
  const texts: string[] = [];
  for (const point of named.values()) {
    const { name = '' } = point;
    const [px, py] = [x(point.x), y(point.y)];
    const half = textWidth(name) / 2;
    const places = [
      // Clear of the ring around the chosen point.
      { x: px + 13 + half, y: py, anchor: 'start' },
      { x: px - 13 - half, y: py, anchor: 'end' },
      { x: px, y: py - 14, anchor: 'middle' },
      { x: px, y: py + 15, anchor: 'middle' },
      { x: px + 9 + half, y: py - 13, anchor: 'start' },
      { x: px + 9 + half, y: py + 13, anchor: 'start' },
      { x: px - 9 - half, y: py - 13, anchor: 'end' },
      { x: px - 9 - half, y: py + 13, anchor: 'end' },
      ...[-26, 27, -40, 41].flatMap((dy) => [
        { x: px + half - 6, y: py + dy, anchor: 'start' },
        { x: px - half + 6, y: py + dy, anchor: 'end' },
      ]),
    ];
    const place = places.find((candidate) => {
      const box = boxAround(candidate.x, candidate.y, half, 6);
      return isWithin(box, area) && !taken.some((other) => overlap(box, other));
    });
    if (place === undefined) continue;
    taken.push(boxAround(place.x, place.y, half + 2, 6));
    const anchorX = place.anchor === 'start' ? place.x - half : place.anchor === 'end' ? place.x + half : place.x;
    texts.push(svgText(name, { class: 'point-name', x: anchorX, y: place.y + 4, 'text-anchor': place.anchor }));
  }
  return svgElement('g', { class: 'point-names' }, ...(texts.length === 0 ? [''] : texts));
}

function boxAround(x: number, y: number, halfWidth: number, halfHeight: number): Box {
  return { left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight };
}

function isWithin(box: Box, area: PlotArea): boolean {
  return (
    box.left >= area.left && box.right <= area.left + area.width + 12 && box.top >= area.top - 6 && box.bottom <= area.top + area.height
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
