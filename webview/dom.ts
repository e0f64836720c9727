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

/** Writes only what changes: an attribute that is written as it was has its styles computed again. */
export function setAttribute(target: Element, name: string, value: string | number | boolean | undefined): void {
  const written = value === undefined || value === false ? null : value === true ? '' : String(value);
  if (target.getAttribute(name) === written) return;
  if (written === null) target.removeAttribute(name);
  else target.setAttribute(name, written);
}

export function setHidden(target: Element, hidden: boolean): void {
  setAttribute(target, 'hidden', hidden);
}

/**
 * Leaves the node alone when nothing changes, so that screen readers and selections are not disturbed. Text that changes
 * stays in its text node: a new one would be laid out anew.
 */
export function setText(target: Element, text: string): void {
  const { firstChild, lastChild } = target;
  if (firstChild instanceof Text && firstChild === lastChild) {
    if (firstChild.data !== text) firstChild.data = text;
  } else if (target.textContent !== text) target.textContent = text;
}

/** The wanted children in their order. Those that stay are not touched: they keep the focus and their layout. */
export function setChildren(parent: Element, wanted: readonly Element[]): void {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  for (const [index, child] of wanted.entries()) {
    const there = parent.children[index];
    if (there !== child) parent.insertBefore(child, there ?? null);
  }
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
