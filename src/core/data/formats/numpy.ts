import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import { EspalierError } from '../../errors.ts';
import type { ArrayTarget, NpyDataSpec, NpzDataSpec } from '../spec/array-specs.ts';
import type { Target } from '../dataset.ts';
import type { Example, ExampleSource, SourceSplits } from '../example-source.ts';
import { bytesInMemory } from '../files/byte-store.ts';
import { fileError } from '../files/file-access.ts';
import { openBytes } from '../files/open-bytes.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { ownValue, type SelectedInput } from '../inputs/input-values.ts';
import { plainName } from '../inputs/model-inputs.ts';
import { classTarget, fitsLabel } from './fixed-shape-source.ts';
import { isIntegerType, npyNumbers, readNpy, type NpyArray } from './npy-array.ts';

/** Examples from .npy files; inputs larger than memory are read in place. */
export async function openNpy(spec: NpyDataSpec, folder: string, selected?: SelectedInput): Promise<SourceSplits> {
  const trainInputs = ownValue(spec.trainInputs, selected, 'trainInputs');
  const testInputs = spec.testInputs === undefined ? undefined : ownValue(spec.testInputs, selected, 'testInputs');
  const open = async (path: string | undefined): Promise<NpyArray | undefined> => {
    if (path === undefined) return undefined;
    const where = resolvePath(folder, path);
    return readNpy(await openBytes(where), where);
  };
  return arraySplits(
    spec,
    await open(trainInputs),
    await open(spec.trainLabels),
    await open(testInputs),
    await open(spec.testLabels),
    trainInputs,
  );
}

/** Examples from an .npz file, a zip of .npy files. */
export async function openNpz(spec: NpzDataSpec, folder: string, selected?: SelectedInput): Promise<SourceSplits> {
  const where = resolvePath(folder, spec.file);
  const archive = await readFile(where).catch((error: unknown) => {
    throw fileError(error, where);
  });
  const names = arrayNames(spec, selected);
  const wanted = new Set(Object.values(names).map(({ name }) => `${name}.npy`));
  const present: string[] = [];
  const files = unzip(archive, where, (name) => {
    present.push(name.replace(/\.npy$/, ''));
    return wanted.has(name);
  });
  const open = ({ name, field, optional }: ArrayName): NpyArray | undefined => {
    const bytes = files[`${name}.npy`];
    if (bytes !== undefined) return readNpy(bytesInMemory(bytes), `${where} (${name})`);
    if (optional) return undefined;
    throw new EspalierError('invalid-data', `it has no array "${name}"`, { where, fix: `set "${field}" to one of ${present.join(', ')}` });
  };
  return arraySplits(spec, open(names.trainInputs), open(names.trainLabels), open(names.testInputs), open(names.testLabels), where);
}

interface ArrayName {
  readonly name: string;
  readonly field: string;
  /** A usual name, not one that the spec gives. */
  readonly optional: boolean;
}

function arrayNames(
  spec: NpzDataSpec,
  selected: SelectedInput | undefined,
): Readonly<Record<'trainInputs' | 'trainLabels' | 'testInputs' | 'testLabels', ArrayName>> {
  const named = (field: keyof NpzDataSpec, given: string | undefined, usual: string): ArrayName => ({
    name: given ?? usual,
    field,
    optional: given === undefined,
  });
  const own = (field: 'trainInputs' | 'testInputs'): string | undefined => {
    const given = spec[field];
    return given === undefined ? undefined : ownValue(given, selected, field);
  };
  const inputName = selected !== undefined && selected.all.length > 1 ? plainName(selected.input.name) : undefined;
  return {
    trainInputs: { ...named('trainInputs', own('trainInputs'), inputName ?? 'x_train'), optional: false },
    trainLabels: named('trainLabels', spec.trainLabels, 'y_train'),
    // An input has no usual name for its test examples, which are then a part of all.
    testInputs: named('testInputs', own('testInputs'), inputName === undefined ? 'x_test' : ''),
    testLabels: named('testLabels', spec.testLabels, 'y_test'),
  };
}

function unzip(archive: Uint8Array, where: string, wants: (name: string) => boolean): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(archive, { filter: (file) => wants(file.name) && file.originalSize < 2 ** 31 });
  } catch (error) {
    throw new EspalierError('invalid-data', 'it is not a sound .npz (zip) file', {
      where,
      fix: 'write it again with numpy.savez',
      cause: error,
    });
  }
}

function arraySplits(
  spec: ArrayTarget,
  trainInputs: NpyArray | undefined,
  trainLabels: NpyArray | undefined,
  testInputs: NpyArray | undefined,
  testLabels: NpyArray | undefined,
  where: string,
): SourceSplits {
  if (trainInputs === undefined) throw new EspalierError('invalid-data', 'it has no training inputs', { where });
  const train = arraySource('train', spec, trainInputs, trainLabels);
  const test = testInputs === undefined ? undefined : arraySource('test', spec, testInputs, testLabels);
  const target =
    test?.target.kind === 'classes' && train.target.kind === 'classes' && test.target.classes > train.target.classes
      ? test.target
      : train.target;
  return { train: { ...train, target }, validation: undefined, test: test === undefined ? undefined : { ...test, target }, warnings: [] };
}

function arraySource(name: string, spec: ArrayTarget, inputs: NpyArray, labels: NpyArray | undefined): ExampleSource {
  const [size = 0, ...shape] = inputs.shape;
  if (inputs.shape.length < 2)
    throw new EspalierError('invalid-data', `its shape is [${inputs.shape.join(', ')}], without an axis for examples`, {
      where: inputs.where,
      fix: 'store examples along the first axis',
    });
  if (labels !== undefined && labels.shape[0] !== size)
    throw new EspalierError('invalid-data', `it has ${labels.shape[0] ?? 0} entries for ${size} examples`, {
      where: labels.where,
      fix: 'take inputs and labels of the same set',
    });
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  // Bytes of two spatial axes are pictures: they get a channel axis and the scale of images.
  const isImage = inputs.type === 'u1' && (shape.length === 2 || (shape.length === 3 && (shape[2] === 1 || shape[2] === 3)));
  const [height = 1, width = 1, channels = 1] = shape;
  return {
    name,
    kind: isImage ? 'image' : 'tensor',
    size,
    shape: isImage ? [height, width, channels] : shape,
    ...readTarget(spec, labels, size, length),
    load: (index): Example =>
      isImage
        ? { kind: 'image', shape: [height, width, channels], data: inputs.bytes.read(inputs.offset + index * length, length) }
        : { kind: 'tensor', shape, data: npyNumbers(inputs, index * length, length) },
  };
}

function readTarget(
  spec: ArrayTarget,
  labels: NpyArray | undefined,
  size: number,
  inputLength: number,
): { readonly target: Target; readonly labels: Int32Array; readonly targets: Float32Array } {
  const none = { labels: new Int32Array(0), targets: new Float32Array(0) };
  if (labels === undefined || spec.task === 'autoencoder') {
    if (labels !== undefined)
      return {
        labels: Int32Array.from(npyNumbers(labels, 0, size)),
        targets: none.targets,
        target: { kind: 'regression', size: inputLength },
      };
    if (spec.task === 'classes' || spec.task === 'regression')
      throw new EspalierError('invalid-data', `task "${spec.task}" needs labels`, {
        where: 'data',
        fix: 'name "trainLabels" and "testLabels"',
      });
    return { ...none, target: { kind: 'regression', size: inputLength } };
  }
  const width = labels.shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  const values = npyNumbers(labels, 0, size * width);
  const oneHot = width > 1 && isOneHot(values, width);
  const task = spec.task ?? (oneHot || (width === 1 && isIntegerType(labels.type)) ? 'classes' : 'regression');
  if (task === 'regression') return { labels: new Int32Array(0), targets: values, target: { kind: 'regression', size: width } };
  if (width > 1 && !oneHot)
    throw new EspalierError('invalid-data', `its rows of ${width} values are not one-hot`, {
      where: labels.where,
      fix: 'store class indices, or set "task": "regression"',
    });
  const unusable = oneHot ? undefined : values.find((value) => !fitsLabel(value));
  if (unusable !== undefined)
    throw new EspalierError('invalid-data', `it holds ${unusable}, which is not a class index`, {
      where: labels.where,
      fix: 'store whole numbers from 0, or set "task": "regression"',
    });
  const classes = oneHot
    ? Int32Array.from({ length: size }, (_, row) => values.indexOf(1, row * width) - row * width)
    : Int32Array.from(values);
  return {
    labels: classes,
    targets: none.targets,
    target: classTarget(classes, { where: labels.where, count: spec.classCount ?? (oneHot ? width : undefined) }),
  };
}

function isOneHot(values: Float32Array, width: number): boolean {
  for (let row = 0; row < values.length; row += width) {
    let ones = 0;
    for (let i = row; i < row + width; i++) {
      if (values[i] === 1) ones++;
      else if (values[i] !== 0) return false;
    }
    if (ones !== 1) return false;
  }
  return true;
}
