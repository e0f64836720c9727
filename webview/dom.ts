/** Makes elements without a framework: attributes by name, listeners as `on…` functions. */
type Attribute = string | number | boolean | undefined | ((event: Event) => void);

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes?: Readonly<Record<string, Attribute>>,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K];
export function element(
  name: string,
  attributes?: Readonly<Record<string, Attribute>>,
  ...children: readonly (Node | string)[]
): HTMLElement;
export function element(
  name: string,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key.slice(2), value);
    else setAttribute(made, key, value);
  }
  made.append(...children);
  return made;
}

export function setAttribute(target: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? '' : String(value));
}

/** Leaves the node alone when nothing changes, so that screen readers and selections are not disturbed. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A titled part of the page. */
export function section(id: string, title: string, ...children: readonly (Node | string)[]): HTMLElement {
  return element('section', { id, 'aria-labelledby': `${id}-title` }, element('h2', { id: `${id}-title` }, title), ...children);
}

/** An element of a drawing. */
export function svg(name: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly Node[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A drawing as an element, from SVG that this extension has written as text. */
export function parseSvg(text: string): Element {
  return document.adoptNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement);
}
