import { EspalierError } from '../../errors.ts';
import type { ArrayTask } from '../spec/array-specs.ts';
import { ignoredLabel, type OutputTarget } from '../target.ts';
import { classTarget, fitsLabel } from './fixed-shape-source.ts';
import { isIntegerType, npyNumbers, type NpyArray } from './npy-array.ts';

/** What an array of labels is read as, of one output. */
export interface ArrayLabels {
  readonly target: OutputTarget;
  /** `[size]`; empty where they are read with their example. */
  readonly labels: Int32Array;
  readonly loadLabels?: ((index: number) => Int32Array) | undefined;
  /** `[size, target size]` */
  readonly targets: Float32Array;
}

export interface LabelReading {
  readonly task: ArrayTask | undefined;
  readonly classCount: number | undefined;
  /** Of one example's output, where the model is known. */
  readonly outputShape: readonly number[] | undefined;
}

const none = { labels: new Int32Array(0), targets: new Float32Array(0) };

/**
 * Without labels the input is to be predicted.
 *
 * @throws EspalierError `invalid-data` for a task that needs labels
 */
export function targetWithoutLabels(task: ArrayTask | undefined, inputLength: number): ArrayLabels {
  if (task !== undefined && task !== 'autoencoder')
    throw new EspalierError('invalid-data', `task "${task}" needs labels`, {
      where: 'data',
      fix: 'name "trainLabels" and "testLabels"',
    });
  // Without a task it is not known whether the model gives back its input.
  return { ...none, target: { kind: 'regression', size: inputLength, isImplied: task === undefined } };
}

/**
 * What an array of labels says is to be predicted: classes from integers or one-hot rows, several classes from rows of zeros
 * and ones, a class for each pixel from integers of two axes, else numbers.
 *
 * @param inputLength of an autoencoder, whose labels say what is normal
 * @throws EspalierError `invalid-data` for labels that are not what the task wants
 */
export function readTarget(labels: NpyArray, size: number, inputLength: number, reading: LabelReading): ArrayLabels {
  if (reading.task === 'autoencoder')
    return {
      ...none,
      labels: Int32Array.from(npyNumbers(labels, 0, size)),
      target: { kind: 'regression', size: inputLength },
    };
  const { outputShape = [] } = reading;
  if (reading.task === 'segmentation' || (reading.task === undefined && isMaps(labels, outputShape)))
    return readMaps(labels, size, reading);
  const width = labels.shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  const values = npyNumbers(labels, 0, size * width);
  const rows = width > 1 ? rowsOfOnes(values, width) : 'others';
  const isClasses = rows === 'oneHot' || (width === 1 && isIntegerType(labels.type));
  switch (reading.task ?? (isClasses ? 'classes' : rows === 'multiHot' ? 'multiLabel' : 'regression')) {
    case 'classes':
      return readClasses(labels, values, width, rows === 'oneHot', reading);
    case 'multiLabel':
      if (values.some((value) => value !== 0 && value !== 1))
        throw new EspalierError('invalid-data', 'its rows are not zeros and ones', {
          where: labels.where,
          fix: 'store 1 for each class that an example has and 0 for the others',
        });
      return { ...none, targets: values, target: { kind: 'multiLabel', size: width, names: undefined } };
    default:
      return { ...none, targets: values, target: { kind: 'regression', size: width } };
  }
}

function readClasses(labels: NpyArray, values: Float32Array, width: number, oneHot: boolean, { classCount }: LabelReading): ArrayLabels {
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
    ? Int32Array.from({ length: values.length / width }, (_, row) => values.indexOf(1, row * width) - row * width)
    : Int32Array.from(values);
  const count = classCount ?? (oneHot ? width : undefined);
  return { ...none, labels: classes, target: classTarget(classes, { where: labels.where, count }) };
}

/** Integers of two axes, or of three whose last is 1; an output of one number a pixel has two classes at most. */
function isMaps({ type, shape }: NpyArray, outputShape: readonly number[]): boolean {
  const [, height = 1, width = 1, channels] = shape;
  if (!isIntegerType(type) || shape.length < 3 || shape.length > 4 || (channels ?? 1) !== 1) return false;
  const outputs = outputShape.reduce((product, dimension) => product * dimension, 1);
  return outputShape.length === 0 || (outputs % (height * width) === 0 && (outputs > height * width || type === 'b1' || type === 'u1'));
}

/** Read with their examples: masks are as large as images. All are looked through once. */
function readMaps(labels: NpyArray, size: number, { classCount, outputShape }: LabelReading): ArrayLabels {
  const positions = labels.shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  const outputs = outputShape?.reduce((product, dimension) => product * dimension, 1);
  const given = classCount ?? (outputs === undefined || outputs % positions !== 0 ? undefined : Math.max(outputs / positions, 2));
  let highest = 1;
  for (let index = 0; index < size; index++) {
    for (const label of npyNumbers(labels, index * positions, positions)) {
      if (label === ignoredLabel) continue;
      if (!fitsLabel(label) || label < 0 || (given !== undefined && label >= given))
        throw new EspalierError('invalid-data', `mask ${index} has the label ${label}, but classes go from 0 to ${(given ?? 256) - 1}`, {
          where: labels.where,
          fix: 'correct the mask, use 255 for pixels that count for no class, or set "classCount"',
        });
      highest = Math.max(highest, label);
    }
  }
  return {
    ...none,
    loadLabels: (index) => Int32Array.from(npyNumbers(labels, index * positions, positions)),
    target: { kind: 'classMap', positions, classes: given ?? highest + 1, names: undefined },
  };
}

function rowsOfOnes(values: Float32Array, width: number): 'oneHot' | 'multiHot' | 'others' {
  let single = true;
  for (let row = 0; row < values.length; row += width) {
    let ones = 0;
    for (let i = row; i < row + width; i++) {
      if (values[i] === 1) ones++;
      else if (values[i] !== 0) return 'others';
    }
    single &&= ones === 1;
  }
  return single ? 'oneHot' : 'multiHot';
}
