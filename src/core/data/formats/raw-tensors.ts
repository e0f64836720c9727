import { EspalierError } from '../../errors.ts';
import type { RawDataSpec, RawType } from '../spec/raw-spec.ts';
import type { Target } from '../target.ts';
import { emptySource, type ExampleSource, type SourceSplits } from '../example-source.ts';
import { openBytes } from '../files/open-bytes.ts';
import { readText } from '../files/read-text.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { ownOrCommonValue, ownValue, type SelectedInput } from '../inputs/input-values.ts';
import { csvRows } from './csv-rows.ts';
import { classTarget, fitsLabel, fixedShapeSource, storedBytes } from './fixed-shape-source.ts';

/** Examples from one file of tensors and a CSV of labels. */
export async function openRaw(spec: RawDataSpec, folder: string, selected?: SelectedInput): Promise<SourceSplits> {
  const open = async (split: 'train' | 'test'): Promise<ExampleSource | undefined> => {
    const files = spec[split];
    if (files === undefined) return undefined;
    const inputs = ownValue(files.inputs, selected, `${split}.inputs`);
    return openTensors(split, spec, layout, { inputs: resolvePath(folder, inputs), labels: resolvePath(folder, files.labels) });
  };
  const layout = {
    shape: ownOrCommonValue(spec.shape, selected, 'shape'),
    type: ownOrCommonValue(spec.type, selected, 'type'),
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
  spec: RawDataSpec,
  { shape, type }: TensorLayout,
  { inputs: inputsPath, labels: labelsPath }: { readonly inputs: string; readonly labels: string },
): Promise<ExampleSource> {
  if (shape.length === 0 || shape.some((size) => !Number.isInteger(size) || size < 1))
    throw new EspalierError('invalid-data', `[${shape.join(', ')}] is no shape`, {
      where: 'data.shape',
      fix: 'give whole numbers above 0',
    });
  const bytes = await openBytes(inputsPath);
  const length = shape.reduce((product, size) => product * size, 1) * storedBytes[type];
  const labels = await readLabels(spec, labelsPath);
  if (bytes.size !== labels.length * length) {
    throw new EspalierError(
      'invalid-data',
      `it has ${bytes.size} bytes, but ${labels.length} labels of ${type} [${shape.join(', ')}] take ${labels.length * length}`,
      { where: inputsPath, fix: 'correct "shape" or "type", or take the labels of the same set' },
    );
  }
  return fixedShapeSource({
    name,
    kind: 'tensor',
    shape,
    size: labels.length,
    bytes,
    offset: 0,
    type,
    labels,
    target: classTarget(labels, { where: labelsPath, names: spec.classNames, count: spec.classCount }),
  });
}

async function readLabels(spec: RawDataSpec, path: string): Promise<Int32Array> {
  const text = await readText(path);
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
