import { EspalierError } from '../../errors.ts';

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

/** @throws EspalierError `invalid-data` for a cell that is no number */
export function toNumber(cell: string, column: string, where: string): number {
  if (!isNumber(cell))
    throw new EspalierError('invalid-data', `column "${column}" holds ${JSON.stringify(cell)}, which is not a number`, {
      where,
      fix: 'correct the cell; of "features" leave the column out, or list it in "categorical"',
    });
  return Number(cell);
}
