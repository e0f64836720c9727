import type { ModelTensor } from '../../network/model-interface.ts';
import type { ExampleSource, SourceSplits } from '../example-source.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { ownValue, requireEntries, type SelectedInput } from '../inputs/input-values.ts';
import type { ByInput } from '../spec/by-input.ts';
import type { CsvDataSpec } from '../spec/csv-spec.ts';
import { type ColumnReading, readColumnTargets, targetNames } from './column-targets.ts';
import { isMissing } from './csv-cells.ts';
import { type Feature, featureValues, openFeatures, usualFeatures } from './csv-features.ts';
import { columnOf, readTable, type Table } from './csv-table.ts';

/** What becomes of a row. */
interface RowReading {
  readonly spec: CsvDataSpec;
  readonly targets: ColumnReading;
  readonly features: readonly Feature[];
  /** Columns whose cells must be there: those of all inputs, so that every input has the same rows. */
  readonly needed: readonly number[];
}

/** Examples from the rows of a table. */
export async function openCsv(
  spec: CsvDataSpec,
  folder: string,
  selected?: SelectedInput,
  outputs?: readonly ModelTensor[],
): Promise<SourceSplits> {
  const names = targetNames(spec);
  const table = await readTable(spec, resolvePath(folder, spec.file), names);
  const testTable = spec.testFile === undefined ? undefined : await readTable(spec, resolvePath(folder, spec.testFile), names);
  const tables = testTable === undefined ? ([table] as const) : ([table, testTable] as const);
  const targets = readColumnTargets({ spec, tables, outputs, field: 'data.target' });
  if (spec.features === undefined) requireEntries('features', selected);
  const features = spec.features ?? usualFeatures(spec, table);
  const warnings = spec.features === undefined ? unusedColumns(spec, table, features) : [];
  const reading: RowReading = {
    spec,
    targets,
    features: openFeatures(spec, ownValue(features, selected, 'features'), tables),
    needed: allColumns(features).map((name) => columnOf(table, name, 'data.features')),
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
  const used = new Set([...targetNames(spec), ...allColumns(features)]);
  const unused = table.columns.filter((name) => !used.has(name));
  return unused.length === 0
    ? []
    : [
        `${table.where}: ${unused.map((name) => `"${name}"`).join(', ')} left out for cells that are not numbers; list what the model takes in "categorical"`,
      ];
}

function tableSource(name: string, table: Table, { spec, targets, features, needed }: RowReading, warnings: string[]): ExampleSource {
  const isThere = (cells: readonly string[], columns: readonly number[]): boolean =>
    columns.every((column) => !isMissing(cells[column] ?? ''));
  const rows = table.rows
    .map((cells, index) => ({ cells, line: index + table.firstLine }))
    .filter(({ cells }) => isThere(cells, targets.columns) && (spec.missing === 'mean' || isThere(cells, needed)));
  if (rows.length < table.rows.length)
    warnings.push(`${table.where}: ${table.rows.length - rows.length} of ${table.rows.length} rows left out for missing cells`);
  const numbers = rows.map(({ cells, line }) =>
    Float32Array.from(features.flatMap((feature) => featureValues(feature, cells[feature.column] ?? '', `${table.where}, line ${line}`))),
  );
  const width = numbers[0]?.length ?? features.length;
  return {
    name,
    kind: 'tensor',
    size: rows.length,
    shape: [width],
    target: targets.target,
    ...targets.read(rows, table.where),
    load: (index) => ({ kind: 'tensor', shape: [width], data: numbers[index] ?? new Float32Array(width) }),
  };
}
