/** HTML as text; attributes and text are escaped, children are markup already. */
import { escapeXml, svgElement, type SvgAttributes } from '../../../shared/drawing/svg.ts';

/** `svgElement` closes an empty element with a slash, which HTML ignores: every element here has children. */
export function element(name: string, attributes: SvgAttributes, ...children: readonly string[]): string {
  return svgElement(name, attributes, ...(children.length === 0 ? [''] : children));
}

export function text(content: string): string {
  return escapeXml(content);
}

export interface HtmlColumn {
  readonly title: string;
  readonly description?: string;
  readonly numeric?: boolean;
}

/** The first cell of each row is its heading. Cells are text. */
export function table(caption: string, columns: readonly HtmlColumn[], rows: readonly (readonly string[])[]): string {
  const head = columns.map(({ title, description, numeric }) =>
    element('th', { scope: 'col', title: description, class: numeric === true ? 'number' : undefined }, text(title)),
  );
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...row.map((cell, column) => {
        const attributes = { class: columns[column]?.numeric === true ? 'number' : undefined };
        return column === 0 ? element('th', { scope: 'row' }, text(cell)) : element('td', attributes, text(cell));
      }),
    ),
  );
  const inner = element(
    'table',
    {},
    element('caption', {}, text(caption)),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  );
  // Wide tables scroll by themselves, from the keyboard too.
  return element('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': caption }, inner);
}
