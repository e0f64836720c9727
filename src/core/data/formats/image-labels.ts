/** Labels and numbers of images from a table with a line for each. */
import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { ExampleSource } from '../example-source.ts';
import type { BackgroundFile } from '../files/classed-files.ts';
import { classNames } from '../files/class-order.ts';
import { resolvePath } from '../files/resolve-path.ts';
import type { ImageDataSpec, ImageLabels } from '../spec/image-spec.ts';
import { readColumnTargets, targetNames, type TableRow } from './column-targets.ts';
import { isMissing } from './csv-cells.ts';
import { columnOf, readTable, type Table } from './csv-table.ts';

interface ImageLabelling {
  readonly spec: ImageDataSpec;
  readonly folder: string;
  readonly outputs: readonly ModelTensor[] | undefined;
  /** Of all splits. */
  readonly paths: readonly BackgroundFile[];
}

export interface LabelledImages {
  readonly has: (file: BackgroundFile) => boolean;
  /** Of files that have a line. */
  readonly read: (files: readonly BackgroundFile[]) => Pick<ExampleSource, 'target' | 'labels' | 'targets'>;
  readonly warnings: readonly string[];
}

/**
 * @throws EspalierError `invalid-data` where no line is of an image, one line is of two images or one image has two lines, and as
 * `readTable` and `readColumnTargets` do
 */
export async function openImageLabels(labels: ImageLabels, { spec, folder, outputs, paths }: ImageLabelling): Promise<LabelledImages> {
  const where = resolvePath(folder, labels.file);
  const named = targetNames(labels);
  const table = await readTable(labels, where, labels.fileColumn === undefined ? named : [labels.fileColumn, ...named]);
  const fileColumn = labels.fileColumn === undefined ? 0 : columnOf(table, labels.fileColumn, 'data.labels.fileColumn');
  const rowOf = matchRows(table, fileColumn, paths);
  const targets = readColumnTargets({
    spec: { ...labels, target: labels.target ?? otherColumns(table, fileColumn) },
    tables: [table],
    outputs,
    classes: classNames(spec.classes),
    field: 'data.labels.target',
  });
  const isComplete = (row: TableRow): boolean => targets.columns.every((column) => !isMissing(row.cells[column] ?? ''));
  const usable = new Map([...rowOf].filter(([, row]) => isComplete(row)));
  const left = paths.length - usable.size;
  return {
    has: (file) => usable.has(file),
    read: (files) => ({
      target: targets.target,
      ...targets.read(
        files.flatMap((file) => usable.get(file) ?? []),
        where,
      ),
    }),
    warnings: left === 0 ? [] : [`${where}: ${left} of ${paths.length} images left out, for it has no complete line for them`],
  };
}

function otherColumns({ columns, where }: Table, fileColumn: number): string | readonly string[] {
  const [only, ...others] = columns.filter((_, column) => column !== fileColumn);
  if (only === undefined)
    throw new EspalierError('invalid-data', 'it has a single column, and so nothing to predict', { where, fix: 'set "separator"' });
  return others.length === 0 ? only : [only, ...others];
}

/** The line of each image that has one: named by its path, or by the last part of it, with or without the extension. */
function matchRows(table: Table, fileColumn: number, files: readonly BackgroundFile[]): ReadonlyMap<BackgroundFile, TableRow> {
  const byName = new Map<string, TableRow>();
  table.rows.forEach((cells, index) => {
    const name = plainPath(cells[fileColumn] ?? '');
    const row = { cells, line: index + table.firstLine };
    const before = byName.get(name);
    if (before !== undefined)
      throw new EspalierError('invalid-data', `lines ${before.line} and ${row.line} are both of "${name}"`, {
        where: table.where,
        fix: 'leave one line for each image',
      });
    byName.set(name, row);
  });
  const owners = new Map<TableRow, string>();
  const found = new Map<BackgroundFile, TableRow>();
  for (const file of files) {
    const row = namesOf(file.path).flatMap((name) => byName.get(name) ?? [])[0];
    if (row === undefined) continue;
    const owner = owners.get(row);
    if (owner !== undefined)
      throw new EspalierError('invalid-data', `line ${row.line} is of two images, "${owner}" and "${file.path}"`, {
        where: table.where,
        fix: 'name images by their paths below the folder',
      });
    owners.set(row, file.path);
    found.set(file, row);
  }
  if (found.size === 0)
    throw new EspalierError('invalid-data', `none of its ${table.rows.length} lines is of an image, such as "${files[0]?.path ?? ''}"`, {
      where: table.where,
      fix: `name the column with the names of files as "fileColumn"; the columns are ${table.columns.join(', ')}`,
    });
  return found;
}

/** `a/b/1.jpg`, `a/b/1`, `b/1.jpg`, `b/1`, `1.jpg`, `1` */
function namesOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.flatMap((_, start) => {
    const name = parts.slice(start).join('/');
    return [name, name.replace(/\.[^./]+$/, '')];
  });
}

function plainPath(cell: string): string {
  return cell.replaceAll('\\', '/').replace(/^\.\//, '');
}
