import { EspalierError } from '../../errors.ts';
import { readText } from '../files/read-text.ts';
import type { TableOptions } from '../spec/csv-spec.ts';
import { isNumber } from './csv-cells.ts';
import { csvRows } from './csv-rows.ts';

export interface Table {
  readonly where: string;
  /** Names of the columns; "0", "1" and so on in a file without a header line. */
  readonly columns: readonly string[];
  readonly hasHeader: boolean;
  readonly rows: readonly (readonly string[])[];
  /** Of the first of `rows` in the file, counted from 1. */
  readonly firstLine: number;
}

/**
 * @param targets names of columns, which tell a header line
 * @throws EspalierError `file-access`; `invalid-data` for a file without rows, or with rows of different length
 */
export async function readTable({ separator, header }: TableOptions, where: string, targets: readonly string[]): Promise<Table> {
  const text = await readText(where);
  const lines = csvRows(text, separator ?? ',', where).map((row) => row.map((cell) => cell.trim()));
  const [first = []] = lines;
  const hasHeader = header ?? looksLikeHeader(first, targets);
  const rows = hasHeader ? lines.slice(1) : lines;
  if (rows.length === 0)
    throw new EspalierError('invalid-data', hasHeader ? 'it has no rows below its header' : 'it is empty', {
      where,
      fix: 'name a CSV file with one row an example',
    });
  const columns = hasHeader ? first : first.map((_, index) => String(index));
  const firstLine = hasHeader ? 2 : 1;
  const ragged = rows.findIndex((row) => row.length !== columns.length);
  if (ragged >= 0)
    throw new EspalierError(
      'invalid-data',
      `row ${ragged + firstLine} has ${rows[ragged]?.length ?? 0} cells, but the ${hasHeader ? 'header' : 'first row'} has ${columns.length}`,
      { where, fix: likelySeparator(columns) ?? 'correct the row, or set "separator"' },
    );
  return { where, columns, hasHeader, rows, firstLine };
}

/**
 * Names are rarely numbers, so a line that holds one is data, unless a column to predict is called as one of its cells.
 * Targets that are indices, and no name in the line, say that there are no names.
 */
function looksLikeHeader(line: readonly string[], targets: readonly string[]): boolean {
  if (line.some(isNumber)) return targets.some((target) => line.includes(target) && !isNumber(target));
  const isIndex = (target: string): boolean => /^\d+$/.test(target) && Number(target) < line.length;
  return targets.length === 0 || targets.some((target) => line.includes(target) || !isIndex(target));
}

/** @param field of the data spec that names it */
export function columnOf(table: Table, name: string, field: string): number {
  const column = table.columns.indexOf(name);
  if (column !== table.columns.lastIndexOf(name))
    throw new EspalierError('invalid-data', `two columns are called "${name}"`, {
      where: table.where,
      fix: 'give each column a name of its own',
    });
  if (column >= 0) return column;
  throw new EspalierError('invalid-data', `there is no column "${name}" in ${table.where}`, {
    where: field,
    fix:
      likelySeparator(table.columns) ??
      (table.hasHeader
        ? `the columns are ${table.columns.join(', ')}; set "header" to false if the first line holds values`
        : `the file has no header line, so that its columns are called "0" to "${table.columns.length - 1}"; set "header" to true if it has one`),
  });
}

/** Advice for a table that seems to have a single column. */
function likelySeparator([only = '', ...others]: readonly string[]): string | undefined {
  const separator = others.length === 0 ? [';', '\t', '|', ' '].find((character) => only.includes(character)) : undefined;
  return separator === undefined ? undefined : `set "separator" to ${JSON.stringify(separator)}`;
}
