import { EspalierError } from '../../errors.ts';
import type { ExampleSource, SourceSplits } from '../example-source.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { ownValue, requireEntries, type SelectedInput } from '../inputs/input-values.ts';
import type { ByInput } from '../spec/by-input.ts';
import type { CsvDataSpec } from '../spec/csv-spec.ts';
import { byNumberOrName, isMissing } from './csv-cells.ts';
import { type Feature, featureValues, openFeatures, toNumber, usualFeatures } from './csv-features.ts';
import { columnOf, readTable, type Table } from './csv-table.ts';

/** What becomes of a row. */
interface RowReading {
  readonly spec: CsvDataSpec;
  readonly target: number;
  readonly features: readonly Feature[];
  /** Columns whose cells must be there: those of all inputs, so that every input has the same rows. */
  readonly needed: readonly number[];
  /** Undefined for regression. */
  readonly classes: readonly string[] | undefined;
}

/** Examples from the rows of a table. */
export async function openCsv(spec: CsvDataSpec, folder: string, selected?: SelectedInput): Promise<SourceSplits> {
  const table = await readTable(spec, resolvePath(folder, spec.file));
  const testTable = spec.testFile === undefined ? undefined : await readTable(spec, resolvePath(folder, spec.testFile));
  const target = columnOf(table, spec.target, 'data.target');
  const tables = testTable === undefined ? [table] : [table, testTable];
  if (spec.features === undefined) requireEntries('features', selected);
  const features = spec.features ?? usualFeatures(spec, table, target);
  const warnings = spec.features === undefined ? unusedColumns(spec, table, features) : [];
  const reading: RowReading = {
    spec,
    target,
    features: openFeatures(spec, ownValue(features, selected, 'features'), tables),
    needed: allColumns(features).map((name) => columnOf(table, name, 'data.features')),
    classes: spec.task === 'regression' ? undefined : classesOf(spec, tables, target),
  };
  const source = (name: string, from: Table): ExampleSource => tableSource(name, from, reading, warnings);
  return {
    train: source('train', table),
    validation: undefined,
    test: testTable === undefined ? undefined : source('test', testTable),
    warnings,
  };
}

function allColumns(features: readonly string[] | ByInput<readonly string[]>): readonly string[] {
  return Object.values(features).flat();
}

/** Text columns are left out when no features are named; a warning says so. */
function unusedColumns(spec: CsvDataSpec, table: Table, features: readonly string[] | ByInput<readonly string[]>): string[] {
  const used = new Set([spec.target, ...allColumns(features)]);
  const unused = table.columns.filter((name) => !used.has(name));
  return unused.length === 0
    ? []
    : [
        `${table.where}: ${unused.map((name) => `"${name}"`).join(', ')} left out for cells that are not numbers; list what the model takes in "categorical"`,
      ];
}

function classesOf({ target }: CsvDataSpec, tables: readonly Table[], column: number): readonly string[] {
  const names = new Set(tables.flatMap(({ rows }) => rows.map((row) => row[column] ?? '')).filter((name) => !isMissing(name)));
  if (names.size < 2)
    throw new EspalierError('invalid-data', `column "${target}" has ${names.size} different values`, {
      where: tables[0]?.where ?? 'data.file',
      fix: 'name a column with two classes or more, or set "task": "regression"',
    });
  return [...names].sort(byNumberOrName);
}

function tableSource(
  name: string,
  table: Table,
  { spec, target, features, needed, classes }: RowReading,
  warnings: string[],
): ExampleSource {
  const rows = table.rows
    .map((cells, index) => ({ cells, line: index + table.firstLine }))
    .filter(
      ({ cells }) =>
        !isMissing(cells[target] ?? '') && (spec.missing === 'mean' || needed.every((column) => !isMissing(cells[column] ?? ''))),
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
