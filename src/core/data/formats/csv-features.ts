import { EspalierError } from '../../errors.ts';
import type { CsvDataSpec } from '../spec/csv-spec.ts';
import { byNumberOrName, isMissing, isNumber, toNumber } from './csv-cells.ts';
import { targetNames } from './column-targets.ts';
import { columnOf, type Table } from './csv-table.ts';

/** A column of the table as the model takes it: a number, or one-hot over the names that occur. */
export type Feature =
  | { readonly kind: 'number'; readonly column: number; readonly name: string; readonly mean: number }
  | { readonly kind: 'category'; readonly column: number; readonly name: string; readonly values: readonly string[] };

/**
 * Columns that hold numbers, apart from those to predict, and those that are said to be categories.
 *
 * @throws EspalierError `invalid-data` when there is none
 */
export function usualFeatures(spec: CsvDataSpec, table: Table): readonly string[] {
  const isNumeric = (column: number): boolean =>
    table.rows.every((row) => isMissing(row[column] ?? '') || isNumber(row[column] ?? '')) &&
    table.rows.some((row) => isNumber(row[column] ?? ''));
  const categorical = new Set(spec.categorical ?? []);
  const targets = new Set(targetNames(spec));
  const names = table.columns.filter((name, column) => !targets.has(name) && (isNumeric(column) || categorical.has(name)));
  if (names.length === 0)
    throw new EspalierError('invalid-data', 'none of its columns is numeric', {
      where: table.where,
      fix: 'name columns in "features" and "categorical"',
    });
  return names;
}

/** @param tables train first; all must have the same columns */
export function openFeatures(spec: CsvDataSpec, names: readonly string[], tables: readonly Table[]): readonly Feature[] {
  const [table] = tables;
  if (table === undefined || names.length === 0)
    throw new EspalierError('invalid-data', 'it names no column', { where: 'data.features', fix: 'name the columns that the model takes' });
  const categorical = new Set(spec.categorical ?? []);
  return names.map((name): Feature => {
    const column = columnOf(table, name, 'data.features');
    for (const other of tables) {
      if (other.columns[column] !== name)
        throw new EspalierError('invalid-data', `its column ${column + 1} is not "${name}"`, {
          where: other.where,
          fix: 'give train and test tables the same columns',
        });
    }
    const cellsOf = (from: readonly Table[]): readonly string[] =>
      from.flatMap(({ rows }) => rows.map((row) => row[column] ?? '')).filter((cell) => !isMissing(cell));
    if (categorical.has(name)) return { kind: 'category', column, name, values: [...new Set(cellsOf(tables))].sort(byNumberOrName) };
    const numbers = cellsOf([table]).map(Number);
    return { kind: 'number', column, name, mean: numbers.reduce((sum, value) => sum + value, 0) / Math.max(numbers.length, 1) };
  });
}

/** What the model takes for a cell: one number, or one for each value of a category. */
export function featureValues(feature: Feature, cell: string, where: string): readonly number[] {
  if (feature.kind === 'category') return feature.values.map((value) => (value === cell ? 1 : 0));
  return [isMissing(cell) ? feature.mean : toNumber(cell, feature.name, where)];
}
