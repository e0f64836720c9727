import { readFile } from 'node:fs/promises';
import { EspalierError } from '../../errors.ts';
import type { CsvDataSpec } from '../spec/csv-spec.ts';
import type { ExampleSource, SourceSplits } from '../example-source.ts';
import { fileError } from '../files/file-access.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { csvRows } from './csv-rows.ts';

interface Table {
  readonly where: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A column of the table as the model takes it: a number, or one-hot over the names that occur. */
type Feature =
  | { readonly kind: 'number'; readonly column: number; readonly name: string; readonly mean: number }
  | { readonly kind: 'category'; readonly column: number; readonly name: string; readonly values: readonly string[] };

/** Examples from the rows of a table. */
export async function openCsv(spec: CsvDataSpec, folder: string): Promise<SourceSplits> {
  const table = await readTable(spec, resolvePath(folder, spec.file));
  const testTable = spec.testFile === undefined ? undefined : await readTable(spec, resolvePath(folder, spec.testFile));
  const target = columnOf(table, spec.target, 'data.target');
  const tables = testTable === undefined ? [table] : [table, testTable];
  const features = findFeatures(spec, table, tables, target);
  const classes =
    spec.task === 'regression'
      ? undefined
      : [...new Set(tables.flatMap(({ rows }) => rows.map((row) => row[target] ?? '')))]
          .filter((name) => !isMissing(name))
          .sort(byNumberOrName);
  if (classes !== undefined && classes.length < 2)
    throw new EspalierError('invalid-data', `column "${spec.target}" has ${classes.length} different values`, {
      where: table.where,
      fix: 'name a column with two classes or more, or set "task": "regression"',
    });
  const warnings: string[] = [];
  const source = (name: string, from: Table): ExampleSource => tableSource(name, spec, from, target, features, classes, warnings);
  return {
    train: source('train', table),
    validation: undefined,
    test: testTable === undefined ? undefined : source('test', testTable),
    warnings,
  };
}

async function readTable(spec: CsvDataSpec, where: string): Promise<Table> {
  const text = await readFile(where, 'utf8').catch((error: unknown) => {
    throw fileError(error, where);
  });
  const [header, ...rows] = csvRows(text, spec.separator ?? ',', where);
  if (header === undefined || rows.length === 0)
    throw new EspalierError('invalid-data', 'it has no rows below its header', {
      where,
      fix: 'name a CSV file with a header line and one row an example',
    });
  const ragged = rows.findIndex((row) => row.length !== header.length);
  if (ragged >= 0)
    throw new EspalierError(
      'invalid-data',
      `row ${ragged + 2} has ${rows[ragged]?.length ?? 0} cells, but the header has ${header.length}`,
      { where, fix: 'correct the row, or set "separator"' },
    );
  return { where, header: header.map((name) => name.trim()), rows: rows.map((row) => row.map((cell) => cell.trim())) };
}

function columnOf(table: Table, name: string, field: string): number {
  const column = table.header.indexOf(name);
  if (column < 0)
    throw new EspalierError('invalid-data', `there is no column "${name}" in ${table.where}`, {
      where: field,
      fix: `the columns are ${table.header.join(', ')}`,
    });
  return column;
}

function findFeatures(spec: CsvDataSpec, table: Table, tables: readonly Table[], target: number): readonly Feature[] {
  const isNumeric = (column: number): boolean =>
    table.rows.every((row) => isMissing(row[column] ?? '') || isNumber(row[column] ?? '')) &&
    table.rows.some((row) => isNumber(row[column] ?? ''));
  const categorical = new Set(spec.categorical ?? []);
  const names = spec.features ?? table.header.filter((name, column) => column !== target && (isNumeric(column) || categorical.has(name)));
  if (names.length === 0)
    throw new EspalierError('invalid-data', 'none of its columns is numeric', {
      where: table.where,
      fix: 'name columns in "features" and "categorical"',
    });
  return names.map((name): Feature => {
    const column = columnOf(table, name, 'data.features');
    for (const other of tables) {
      if (other.header[column] !== name)
        throw new EspalierError('invalid-data', `its column ${column + 1} is not "${name}"`, {
          where: other.where,
          fix: 'give train and test tables the same columns',
        });
    }
    if (categorical.has(name))
      return {
        kind: 'category',
        column,
        name,
        values: [...new Set(tables.flatMap(({ rows }) => rows.map((row) => row[column] ?? '')))]
          .filter((value) => !isMissing(value))
          .sort(byNumberOrName),
      };
    const numbers = table.rows
      .map((row) => row[column] ?? '')
      .filter((cell) => !isMissing(cell))
      .map(Number);
    return { kind: 'number', column, name, mean: numbers.reduce((sum, value) => sum + value, 0) / Math.max(numbers.length, 1) };
  });
}

function tableSource(
  name: string,
  spec: CsvDataSpec,
  table: Table,
  target: number,
  features: readonly Feature[],
  classes: readonly string[] | undefined,
  warnings: string[],
): ExampleSource {
  const used = features.map((feature) => feature.column);
  const rows = table.rows
    .map((cells, index) => ({ cells, line: index + 2 }))
    .filter(
      ({ cells }) =>
        !isMissing(cells[target] ?? '') && (spec.missing === 'mean' || used.every((column) => !isMissing(cells[column] ?? ''))),
    );
  if (rows.length < table.rows.length)
    warnings.push(`${table.where}: ${table.rows.length - rows.length} of ${table.rows.length} rows left out for missing cells`);
  const numbers = rows.map(({ cells, line }) =>
    Float32Array.from(features.flatMap((feature) => featureValues(feature, cells[feature.column] ?? '', `${table.where}, line ${line}`))),
  );
  const width = numbers[0]?.length ?? features.length;
  const base = {
    name,
    kind: 'tensor' as const,
    size: rows.length,
    shape: [width],
    load: (index: number) => ({ kind: 'tensor' as const, shape: [width], data: numbers[index] ?? new Float32Array(width) }),
  };
  if (classes !== undefined) {
    const labels = Int32Array.from(rows, ({ cells }) => classes.indexOf(cells[target] ?? ''));
    return { ...base, target: { kind: 'classes', classes: classes.length, names: classes }, labels, targets: new Float32Array(0) };
  }
  const targets = Float32Array.from(rows, ({ cells, line }) => toNumber(cells[target] ?? '', spec.target, `${table.where}, line ${line}`));
  return { ...base, target: { kind: 'regression', size: 1 }, labels: new Int32Array(0), targets };
}

function featureValues(feature: Feature, cell: string, where: string): readonly number[] {
  if (feature.kind === 'category') return feature.values.map((value) => (value === cell ? 1 : 0));
  return [isMissing(cell) ? feature.mean : toNumber(cell, feature.name, where)];
}

function toNumber(cell: string, column: string, where: string): number {
  if (!isNumber(cell))
    throw new EspalierError('invalid-data', `column "${column}" holds ${JSON.stringify(cell)}, which is not a number`, {
      where,
      fix: 'correct the cell, leave the column out of "features", or list it in "categorical"',
    });
  return Number(cell);
}

function isNumber(cell: string): boolean {
  return cell !== '' && Number.isFinite(Number(cell));
}

function isMissing(cell: string): boolean {
  return cell === '' || cell === 'NA' || cell === 'NaN' || cell === '?';
}

/** Numbers by size, so that "10" comes after "9"; names as Keras sorts them, by their characters. */
function byNumberOrName(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}
