/** Names and literals of generated C. */

/** A C identifier from a file's or a tensor's name: letters, digits and underscores, not beginning with a digit. */
export function cIdentifier(name: string): string {
  const cleaned = name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  const begun = /^[a-z]/.test(cleaned) ? cleaned : `m_${cleaned}`;
  return begun.slice(0, 40).replace(/_+$/, '');
}

/** A string literal; everything but printable ASCII as octal escapes, which end after three digits. */
export function cString(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  const escaped = bytes.map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    // "??" begins a trigraph.
    return byte < 0x20 || byte > 0x7e || byte === 0x3f ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte);
  });
  return `"${escaped.join('')}"`;
}

/** A comment's text, which must not end the comment. */
export function cComment(text: string): string {
  return text.replace(/\*\//g, '* /').replace(/[\r\n]+/g, ' ');
}

/** A floating-point literal with all digits that a double needs. */
export function cReal(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Elements of an initializer, so many a line. */
export function cElements(values: Iterable<string>, perLine: number): string {
  const all = [...values];
  const lines: string[] = [];
  for (let i = 0; i < all.length; i += perLine) lines.push(`    ${all.slice(i, i + perLine).join(', ')},`);
  return lines.join('\n');
}

export function cRealArray(declaration: string, values: Iterable<number>): string {
  return `${declaration} = {\n${cElements(
    Array.from(values, (value) => cReal(value)),
    6,
  )}\n};`;
}

export function cIntegerArray(declaration: string, values: Iterable<number>): string {
  return `${declaration} = {\n${cElements(
    Array.from(values, (value) => String(value)),
    16,
  )}\n};`;
}
