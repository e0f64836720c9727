/** Whether the text of a cell is a finite number. */
export function isNumber(cell: string): boolean {
  return cell !== '' && Number.isFinite(Number(cell));
}

export function isMissing(cell: string): boolean {
  return cell === '' || cell === 'NA' || cell === 'NaN' || cell === '?';
}

/** Numbers by size, so that "10" comes after "9"; names as Keras sorts them, by their characters. */
export function byNumberOrName(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}
