import type { ArenaBuffer, ArenaLayout } from '../hardware.ts';
import { formatBytes } from './format.ts';
import { escapeXml, svgElement, svgText } from './svg.ts';
import { english, type Translate } from './translate.ts';

const margin = { left: 58, top: 10, right: 10, bottom: 84 };
const height = 260;
/** Narrow graphs are not stretched, wide ones keep a column wide enough to see. */
const column = { narrowest: 14, widest: 56, comfortable: 900 };
const longestLabel = 16;

/**
 * The tensor arena as a picture: operators from left to right, memory from bottom to top, a box for each buffer. Classes: `arena`, `buffer` with
 * the buffer's kind, `peak` for the step that needs most, `axis`.
 */
export function drawArena(layout: ArenaLayout, translate: Translate = english): string {
  const { steps, buffers, bytes } = layout;
  const width = Math.min(column.widest, Math.max(column.narrowest, column.comfortable / steps.length));
  const x = (step: number): number => margin.left + Math.max(step, 0) * width;
  const y = (offset: number): number => margin.top + height * (1 - offset / Math.max(bytes, 1));
  const size = { width: margin.left + steps.length * width + margin.right, height: margin.top + height + margin.bottom };
  const label = translate('Tensor arena: {0}, most of it at {1}', formatBytes(bytes), steps[layout.peakStep]?.label ?? '');
  const box = (buffer: ArenaBuffer): string => {
    const top = y(buffer.offset + buffer.bytes);
    const tip = translate(
      '{0}: {1} at offset {2}, from {3} to {4}',
      buffer.name,
      formatBytes(buffer.bytes),
      buffer.offset,
      steps[Math.max(buffer.firstStep, 0)]?.label ?? '',
      steps[Math.max(buffer.lastStep, 0)]?.label ?? '',
    );
    return svgElement(
      'rect',
      {
        class: `buffer ${buffer.kind}`,
        x: x(buffer.firstStep),
        y: top,
        width: x(buffer.lastStep + 1) - x(buffer.firstStep),
        height: Math.max(y(buffer.offset) - top, 1),
      },
      svgElement('title', {}, escapeXml(tip)),
    );
  };
  return svgElement(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'arena',
      role: 'img',
      'aria-label': label,
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
    },
    svgElement('title', {}, escapeXml(label)),
    svgElement('rect', { class: 'peak', x: x(layout.peakStep), y: margin.top, width, height }),
    ...buffers.map(box),
    svgElement('path', { class: 'axis', d: `M${margin.left} ${margin.top}V${margin.top + height}H${x(steps.length)}` }),
    ...[0, 0.5, 1].map((part) =>
      svgText(formatBytes(Math.round(bytes * part)), { x: margin.left - 6, y: y(bytes * part) + 4, 'text-anchor': 'end' }),
    ),
    ...steps.map((step, index) => {
      const at = { x: x(index) + width / 2 + 3, y: margin.top + height + 10 };
      return svgText(shortLabel(step.label), { ...at, transform: `rotate(-60 ${at.x} ${at.y})`, 'text-anchor': 'end' });
    }),
  );
}

/** The same as a file of its own, with its colours. */
export function arenaSvgFile(layout: ArenaLayout, translate: Translate = english): string {
  const style =
    '.buffer { fill: #2f6db5; fill-opacity: .55; stroke: #1d4a80; } .buffer.decoded { fill: #8a4fbf; } .buffer.scratch { fill: #b3721e; } ' +
    '.peak { fill: #c72e2e; fill-opacity: .12; } .axis { fill: none; stroke: #6e6e6e; } text { font: 10px system-ui, sans-serif; }';
  return drawArena(layout, translate).replace(/(<svg [^>]*>)/, `$1<style>${style}</style>`);
}

function shortLabel(label: string): string {
  const [first = ''] = label.split(';');
  const last = first.split('/').at(-1) ?? first;
  return last.length <= longestLabel ? last : `${last.slice(0, longestLabel - 1)}…`;
}
