import { readFile } from 'node:fs/promises';
import { EspalierError } from '../../errors.ts';
import type { RawDataSpec, RawTensors } from '../spec/raw-spec.ts';
import type { Target } from '../dataset.ts';
import { emptySource, type ExampleSource, type SourceSplits } from '../example-source.ts';
import { fileError } from '../files/file-access.ts';
import { openBytes } from '../files/open-bytes.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { csvRows } from './csv-rows.ts';
import { classTarget, fitsLabel, fixedShapeSource, storedBytes } from './fixed-shape-source.ts';

/** Examples from one file of tensors and a CSV of labels. */
export async function openRaw(spec: RawDataSpec, folder: string): Promise<SourceSplits> {
  const train = spec.train === undefined ? undefined : await openTensors('train', spec, spec.train, folder);
  const test = spec.test === undefined ? undefined : await openTensors('test', spec, spec.test, folder);
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

/** Both splits have the classes of the one with more. */
function widerTarget(a: Target | undefined, b: Target | undefined): Target | undefined {
  if (a?.kind !== 'classes' || b?.kind !== 'classes') return a ?? b;
  return a.classes >= b.classes ? a : b;
}

async function openTensors(name: string, spec: RawDataSpec, files: RawTensors, folder: string): Promise<ExampleSource> {
  const inputsPath = resolvePath(folder, files.inputs);
  const labelsPath = resolvePath(folder, files.labels);
  if (spec.shape.length === 0 || spec.shape.some((size) => !Number.isInteger(size) || size < 1))
    throw new EspalierError('invalid-data', `[${spec.shape.join(', ')}] is no shape`, {
      where: 'data.shape',
      fix: 'give whole numbers above 0',
    });
  const bytes = await openBytes(inputsPath);
  const length = spec.shape.reduce((product, size) => product * size, 1) * storedBytes[spec.type];
  const labels = await readLabels(spec, labelsPath);
  if (bytes.size !== labels.length * length) {
    throw new EspalierError(
      'invalid-data',
      `it has ${bytes.size} bytes, but ${labels.length} labels of ${spec.type} [${spec.shape.join(', ')}] take ${labels.length * length}`,
      { where: inputsPath, fix: 'correct "shape" or "type", or take the labels of the same set' },
    );
  }
  return fixedShapeSource({
    name,
    kind: 'tensor',
    shape: spec.shape,
    size: labels.length,
    bytes,
    offset: 0,
    type: spec.type,
    labels,
    target: classTarget(labels, { where: labelsPath, names: spec.classNames, count: spec.classCount }),
  });
}

async function readLabels(spec: RawDataSpec, path: string): Promise<Int32Array> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(error, path);
  });
  const rows = csvRows(text, ',', path).slice(spec.header === true ? 1 : 0);
  return Int32Array.from(rows, (row, index) => {
    const cell = row[spec.labelColumn]?.trim() ?? '';
    const label = Number(cell);
    if (cell === '' || !fitsLabel(label))
      throw new EspalierError(
        'invalid-data',
        `row ${index + 1} has ${JSON.stringify(cell)} in column ${spec.labelColumn}, which is not a class index`,
        { where: path, fix: 'correct "labelColumn" (it counts from 0) or set "header"' },
      );
    return label;
  });
}
