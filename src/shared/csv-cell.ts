/**
 * A cell by RFC 4180. Text that a spreadsheet would take for a formula gets an apostrophe before it: names come from
 * files, and a formula can reach the network. Numbers stay numbers.
 */
export function csvCell(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
