/** Builds SVG as text, so that a drawing is a plain value that can be compared, saved and shown anywhere. */
export type SvgAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** `undefined` and `false` leave the attribute out; `true` is written as "true", as ARIA wants it. */
export function svgElement(name: string, attributes: SvgAttributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([key, value]) => ` ${key}="${escapeXml(typeof value === 'number' ? formatCoordinate(value) : String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export function svgText(content: string, attributes: SvgAttributes): string {
  return svgElement('text', attributes, escapeXml(content));
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Two decimals are a hundredth of a pixel; more only makes two drawings of the same thing differ. */
function formatCoordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}
