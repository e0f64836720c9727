/** Labels and numbers to predict from columns of a table, of one output or of several by name. */
import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { ExampleSource } from '../example-source.ts';
import { findOutput, plainName } from '../inputs/model-inputs.ts';
import type { ByOutput } from '../spec/by-input.ts';
import type { ColumnNames, ColumnTargets, ColumnTask } from '../spec/column-targets.ts';
import type { NamedTarget, OutputTarget, Target } from '../target.ts';
import { byNumberOrName, isMissing, isNumber, toNumber } from './csv-cells.ts';
import { columnOf, type Table } from './csv-table.ts';
import { withoutLabels } from '../without-labels.ts';
import { sideBySide } from './output-labels.ts';

/** A row of the table and its line in the file. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly line: number;
}

export interface ColumnReading {
  readonly target: Target;
  /** Whose cells must be there. */
  readonly columns: readonly number[];
  read(rows: readonly TableRow[], where: string): Pick<ExampleSource, 'labels' | 'targets'>;
}

export interface ColumnSetting {
  readonly spec: ColumnTargets;
  /** Train first: what classes there are is read from all. */
  readonly tables: readonly [Table, ...Table[]];
  readonly outputs: readonly ModelTensor[] | undefined;
  /** Classes in the order of the model's outputs, where the data spec has them. */
  readonly classes?: readonly string[] | undefined;
  /** Of the data spec, for messages. */
  readonly field: string;
}

/** The columns that the spec names, whatever outputs they are of. */
export function targetNames({ target }: ColumnTargets): readonly string[] {
  if (target === undefined) return [];
  return isByOutput(target) ? Object.values(target).flat() : [target].flat();
}

/** @throws EspalierError `invalid-data` for a column or an output that is not there, and cells that are not what the task wants */
export function readColumnTargets(setting: ColumnSetting): ColumnReading {
  const { spec, outputs } = setting;
  const { target } = spec;
  if (target === undefined) return { target: withoutLabels.target, columns: [], read: () => withoutLabels };
  if (!isByOutput(target)) {
    const only = readOutput(target, typeof spec.task === 'object' ? undefined : spec.task, outputs?.[0], setting);
    return { target: only.target, columns: only.columns, read: only.read };
  }
  const named = Object.entries(target).map(([name, columns], place): NamedTarget & OutputReading => {
    const output = outputs === undefined ? place : findOutput(outputs, name, { kind: 'invalid-data', where: setting.field });
    const task = typeof spec.task === 'object' ? spec.task[name] : spec.task;
    return { name: plainName(name), output, ...readOutput(columns, task, outputs?.[output], setting) };
  });
  return {
    target: { kind: 'outputs', outputs: named.map(({ name, output, target: own }) => ({ name, output, target: own })) },
    columns: named.flatMap(({ columns }) => columns),
    read: (rows, where) => {
      const parts = named.map((each) => each.read(rows, where));
      return {
        labels: sideBySide(
          parts.map(({ labels }) => labels),
          rows.length,
          (length) => new Int32Array(length),
        ),
        targets: sideBySide(
          parts.map(({ targets }) => targets),
          rows.length,
          (length) => new Float32Array(length),
        ),
      };
    },
  };
}

interface OutputReading extends ColumnReading {
  readonly target: OutputTarget;
}

function readOutput(
  names: ColumnNames,
  task: ColumnTask | undefined,
  output: ModelTensor | undefined,
  { tables, classes: given, field }: ColumnSetting,
): OutputReading {
  const [table] = tables;
  const list = [names].flat();
  const columns = list.map((name) => {
    const column = columnOf(table, name, field);
    const other = tables.find((each) => each.columns[column] !== name);
    if (other !== undefined)
      throw new EspalierError('invalid-data', `its column ${column + 1} is not "${name}"`, {
        where: other.where,
        fix: 'give train and test tables the same columns',
      });
    return column;
  });
  const cells = columns.map((column) =>
    tables.flatMap(({ rows }) => rows.map((row) => row[column] ?? '')).filter((cell) => !isMissing(cell)),
  );
  switch (task ?? usualTask(cells, output)) {
    case 'classes': {
      const [column = 0, ...others] = columns;
      if (others.length > 0)
        throw new EspalierError('invalid-data', `classes are one column, but ${list.length} are named`, {
          where: field,
          fix: 'name one, or set "task" to "multiLabel" or "regression"',
        });
      const classes = given ?? classesOf(cells[0] ?? [], list[0] ?? '', table.where);
      const indices = new Map(classes.map((name, index) => [name, index]));
      return {
        target: { kind: 'classes', classes: classes.length, names: classes },
        columns,
        read: (rows, where) => ({
          labels: Int32Array.from(rows, ({ cells: row, line }) => {
            const index = indices.get(row[column] ?? '');
            if (index !== undefined) return index;
            throw new EspalierError('invalid-data', `${JSON.stringify(row[column] ?? '')} is none of the classes`, {
              where: `${where}, line ${line}`,
              fix: `the classes are ${classes.slice(0, 10).join(', ')}${classes.length > 10 ? ', …' : ''}`,
            });
          }),
          targets: new Float32Array(0),
        }),
      };
    }
    case 'multiLabel':
      if (cells.flat().some((cell) => cell !== '0' && cell !== '1'))
        throw new EspalierError('invalid-data', `the columns ${list.join(', ')} do not hold zeros and ones`, {
          where: table.where,
          fix: 'write 1 for each class that an example has and 0 for the others, or set "task" to "regression"',
        });
      return { target: { kind: 'multiLabel', size: columns.length, names: list }, columns, read: numbersOf(columns, list) };
    case 'regression':
      return { target: { kind: 'regression', size: columns.length }, columns, read: numbersOf(columns, list) };
  }
}

/** @param cells of each column */
function usualTask(cells: readonly (readonly string[])[], output: ModelTensor | undefined): ColumnTask {
  const [only = [], ...others] = cells;
  if (others.length > 0) return cells.flat().every((cell) => cell === '0' || cell === '1') ? 'multiLabel' : 'regression';
  if (!only.every(isNumber)) return 'classes';
  const isSingle = output !== undefined && output.shape.reduce((product, size) => product * size, 1) === 1;
  return only.every((cell) => Number.isInteger(Number(cell))) && !(isSingle && new Set(only).size > 2) ? 'classes' : 'regression';
}

function classesOf(cells: readonly string[], name: string, where: string): readonly string[] {
  const names = new Set(cells);
  if (names.size < 2)
    throw new EspalierError('invalid-data', `column "${name}" has ${names.size} different values`, {
      where,
      fix: 'name a column with two classes or more, or set "task": "regression"',
    });
  return [...names].sort(byNumberOrName);
}

function numbersOf(columns: readonly number[], names: readonly string[]): ColumnReading['read'] {
  return (rows, where) => ({
    labels: new Int32Array(0),
    targets: Float32Array.from(
      rows.flatMap(({ cells, line }) =>
        columns.map((column, place) => toNumber(cells[column] ?? '', names[place] ?? '', `${where}, line ${line}`)),
      ),
    ),
  });
}

function isByOutput(target: ColumnNames | ByOutput<ColumnNames>): target is ByOutput<ColumnNames> {
  return typeof target === 'object' && !Array.isArray(target);
}
