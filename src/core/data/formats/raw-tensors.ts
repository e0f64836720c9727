import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { RawDataSpec, RawType } from '../spec/raw-spec.ts';
import type { Target } from '../target.ts';
import { emptySource, type ExampleSource, type SourceSplits } from '../example-source.ts';
import { openBytes } from '../files/open-bytes.ts';
import { readText } from '../files/read-text.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { ownOrCommonValue, ownValue, type SelectedInput } from '../inputs/input-values.ts';
import { withoutLabels } from '../without-labels.ts';
import { readColumnTargets, targetNames } from './column-targets.ts';
import { csvRows } from './csv-rows.ts';
import { readTable } from './csv-table.ts';
import { classTarget, fitsLabel, fixedShapeSource, storedBytes } from './fixed-shape-source.ts';

/** Examples from one file of tensors and a CSV of labels, where there is one. */
export async function openRaw(
  spec: RawDataSpec,
  folder: string,
  selected?: SelectedInput,
  outputs?: readonly ModelTensor[],
): Promise<SourceSplits> {
  const layout = {
    shape: ownOrCommonValue(spec.shape, selected, 'shape'),
    type: ownOrCommonValue(spec.type, selected, 'type'),
  };
  const readLabels = await openLabels(spec, folder, outputs);
  const open = async (split: Split): Promise<ExampleSource | undefined> => {
    const files = spec[split];
    if (files === undefined) return undefined;
    const inputs = resolvePath(folder, ownValue(files.inputs, selected, `${split}.inputs`));
    return openTensors(split, layout, inputs, readLabels(split));
  };
  const [train, test] = [await open('train'), await open('test')];
  const some = train ?? test;
  if (some === undefined)
    throw new EspalierError('invalid-data', 'it has neither "train" nor "test"', {
      where: 'data',
      fix: 'name the files with the tensors and their labels',
    });
  const target = widerTarget(train?.target, test?.target) ?? some.target;
  return {
    train: { ...(train ?? emptySource(some, 'train')), target },
    validation: undefined,
    test: test === undefined ? undefined : { ...test, target },
    warnings: [],
  };
}

type Split = 'train' | 'test';

/** Both splits have the classes of the one with more. */
function widerTarget(a: Target | undefined, b: Target | undefined): Target | undefined {
  if (a?.kind !== 'classes' || b?.kind !== 'classes') return a ?? b;
  return a.classes >= b.classes ? a : b;
}

interface TensorLayout {
  readonly shape: readonly number[];
  readonly type: RawType;
}

async function openTensors(
  name: string,
  { shape, type }: TensorLayout,
  inputsPath: string,
  read: RawLabels | undefined,
): Promise<ExampleSource> {
  if (shape.length === 0 || shape.some((size) => !Number.isInteger(size) || size < 1))
    throw new EspalierError('invalid-data', `[${shape.join(', ')}] is no shape`, {
      where: 'data.shape',
      fix: 'give whole numbers above 0',
    });
  const bytes = await openBytes(inputsPath);
  const length = shape.reduce((product, size) => product * size, 1) * storedBytes[type];
  const size = read?.size ?? Math.floor(bytes.size / length);
  if (bytes.size !== size * length) {
    throw new EspalierError(
      'invalid-data',
      read === undefined
        ? `it has ${bytes.size} bytes, which are not a number of ${type} [${shape.join(', ')}] of ${length} bytes`
        : `it has ${bytes.size} bytes, but ${size} labels of ${type} [${shape.join(', ')}] take ${size * length}`,
      { where: inputsPath, fix: 'correct "shape" or "type", or take the labels of the same set' },
    );
  }
  return fixedShapeSource({ name, kind: 'tensor', shape, size, bytes, offset: 0, type, ...(read?.labels ?? withoutLabels) });
}

interface RawLabels {
  readonly size: number;
  readonly labels: Pick<ExampleSource, 'target' | 'labels' | 'targets'>;
}

/** The labels of each split; undefined where there are none. */
async function openLabels(
  spec: RawDataSpec,
  folder: string,
  outputs: readonly ModelTensor[] | undefined,
): Promise<(split: Split) => RawLabels | undefined> {
  const { labelColumn } = spec;
  if (spec.labelled === false) return () => undefined;
  const paths = (['train', 'test'] as const).flatMap((split) => {
    const labels = spec[split]?.labels;
    return labels === undefined ? [] : [{ split, path: resolvePath(folder, labels) }];
  });
  const [first] = paths;
  if (first === undefined) return () => undefined;
  if (labelColumn === undefined && spec.target === undefined)
    throw new EspalierError('invalid-data', 'neither "labelColumn" nor "target" says which column of the labels is to be predicted', {
      where: first.path,
      fix: 'name it, or leave "labels" out: then every stage learns the outputs of the trained model',
    });
  if (labelColumn !== undefined) {
    const read = await Promise.all(paths.map(async ({ split, path }) => [split, await readIndices(spec, labelColumn, path)] as const));
    const bySplit = new Map(read);
    return (split) => bySplit.get(split);
  }
  const read = await Promise.all(paths.map(async ({ split, path }) => ({ split, table: await readTable(spec, path, targetNames(spec)) })));
  const [one, ...others] = read.map(({ table }) => table);
  if (one === undefined) return () => undefined;
  const columns = readColumnTargets({ spec, tables: [one, ...others], outputs, classes: spec.classNames, field: 'data.target' });
  return (split) => {
    const table = read.find((each) => each.split === split)?.table;
    if (table === undefined) return undefined;
    const rows = table.rows.map((cells, index) => ({ cells, line: index + table.firstLine }));
    return { size: rows.length, labels: { target: columns.target, ...columns.read(rows, table.where) } };
  };
}

async function readIndices(spec: RawDataSpec, column: number, path: string): Promise<RawLabels> {
  const text = await readText(path);
  const rows = csvRows(text, spec.separator ?? ',', path).slice(spec.header === true ? 1 : 0);
  const labels = Int32Array.from(rows, (row, index) => {
    const cell = row[column]?.trim() ?? '';
    const label = Number(cell);
    if (cell === '' || !fitsLabel(label))
      throw new EspalierError(
        'invalid-data',
        `row ${index + 1} has ${JSON.stringify(cell)} in column ${column}, which is not a class index`,
        {
          where: path,
          fix: 'correct "labelColumn" (it counts from 0) or set "header"',
        },
      );
    return label;
  });
  const target = classTarget(labels, { where: path, names: spec.classNames, count: spec.classCount });
  return { size: labels.length, labels: { target, labels, targets: new Float32Array(0) } };
}
