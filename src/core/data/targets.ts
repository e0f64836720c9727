/** The targets of a data set, output by output. */
import type { QualityId } from '../../shared/results.ts';
import type { NamedTarget, OutputTarget, Target } from './target.ts';

/** Where an output's labels or numbers lie in an example of a batch. */
export interface Part {
  readonly offset: number;
  readonly width: number;
}

/** A target with the places of its labels and numbers. */
export interface BoundTarget extends NamedTarget {
  readonly measure: QualityId;
  readonly labels: Part;
  readonly numbers: Part;
}

/** Every output that is learned and measured; of a plain target the model's first. */
export function boundTargets(target: Target): readonly BoundTarget[] {
  const named: readonly NamedTarget[] = target.kind === 'outputs' ? target.outputs : [{ name: '', output: 0, target }];
  let [label, number] = [0, 0];
  return named.map((each) => {
    const [labels, numbers] = [
      { offset: label, width: labelWidth(each.target) },
      { offset: number, width: numberWidth(each.target) },
    ];
    label += labels.width;
    number += numbers.width;
    return { ...each, measure: each.measure ?? measuresOf(each.target)[0], labels, numbers };
  });
}

/** Labels of an example of a batch. Labels of an autoencoder are no target, so they are not counted. */
export function labelsWidth(target: Target): number {
  return boundTargets(target).reduce((sum, { labels }) => sum + labels.width, 0);
}

/** Numbers of an example of a batch. */
export function numbersWidth(target: Target): number {
  return boundTargets(target).reduce((sum, { numbers }) => sum + numbers.width, 0);
}

function labelWidth(target: OutputTarget): number {
  switch (target.kind) {
    case 'classes':
      return 1;
    case 'classMap':
      return target.positions;
    case 'regression':
    case 'multiLabel':
    case 'teacher':
      return 0;
  }
}

function numberWidth(target: OutputTarget): number {
  switch (target.kind) {
    case 'classes':
    case 'classMap':
      return 0;
    case 'regression':
    case 'multiLabel':
    case 'teacher':
      return target.size;
  }
}

/** The measures that a target has; first the usual one, which holds where the recipe does not say. */
export function measuresOf(target: OutputTarget): readonly [QualityId, ...QualityId[]] {
  switch (target.kind) {
    case 'classes':
      return target.classes === 2 ? ['accuracy', 'rocAuc'] : ['accuracy'];
    case 'classMap':
      return ['mIoU'];
    case 'multiLabel':
      return ['mAP'];
    case 'regression':
      return target.isInput === true ? ['MSE', 'MAE', 'R2', 'rocAuc'] : ['MSE', 'MAE', 'R2'];
    case 'teacher':
      return ['cosine', 'SQNR'];
  }
}

/**
 * An output's rows of a batch's labels or numbers; the batch's own array, not a copy, where it is the only output with values.
 *
 * @param values `[size, all widths]`
 * @returns `[size, width]`
 */
export function partOf<Values extends Int32Array | Float32Array>(values: Values, size: number, { offset, width }: Part): Values;
export function partOf(values: Int32Array | Float32Array, size: number, { offset, width }: Part): Int32Array | Float32Array {
  const whole = size === 0 ? 0 : values.length / size;
  if (offset === 0 && whole === width) return values;
  const part = values instanceof Int32Array ? new Int32Array(size * width) : new Float32Array(size * width);
  for (let row = 0; row < size; row++) part.set(values.subarray(row * whole + offset, row * whole + offset + width), row * width);
  return part;
}
