import { EspalierError } from '../../errors.ts';
import type { Target } from '../target.ts';
import type { ArrayTarget } from '../spec/array-specs.ts';
import { classTarget, fitsLabel } from './fixed-shape-source.ts';
import { isIntegerType, npyNumbers, type NpyArray } from './npy-array.ts';

/**
 * What an array of labels says is to be predicted: classes from integers or one-hot rows, else numbers; without labels the
 * input itself.
 *
 * @throws EspalierError `invalid-data` for labels that are not what the task asks for
 */
export function readTarget(
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
    // Without a task it is not known whether the model gives back its input.
    return { ...none, target: { kind: 'regression', size: inputLength, isImplied: spec.task === undefined } };
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
