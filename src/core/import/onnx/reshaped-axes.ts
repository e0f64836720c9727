/** Which axes of a reshaped value stay together, so that a stored value in another order of axes need not move. */
import type { ComputedValue } from './value.ts';

/**
 * @param shape of as many elements as `value`
 * @param batch the batch's axis in `shape`
 * @returns the order of `value`'s axes to bring the data into, and the order of the new axes that they are then in
 */
export function reshapedAxes(
  value: ComputedValue,
  shape: readonly number[],
  batch: number | undefined,
): { readonly from: readonly number[]; readonly to: readonly number[] } {
  const groups = groupAxes(lengthsOf(value.shape, value.batch), lengthsOf(shape, batch));
  const place = (axes: readonly number[]): number => Math.min(...axes.map((axis) => value.axes.indexOf(axis)));
  const ordered = [...groups].sort((a, b) => place(a.from) - place(b.from));
  const units = (of: readonly number[], except: number | undefined): readonly number[] =>
    of.flatMap((length, axis) => (length === 1 && axis !== except ? [axis] : []));
  return {
    from: [...units(value.shape, value.batch), ...ordered.flatMap((group) => group.from)],
    to: [...units(shape, batch), ...ordered.flatMap((group) => group.to)],
  };
}

interface Axis {
  readonly axis: number;
  readonly length: number;
}

interface AxisGroup {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Axes that hold more than one element, without the batch. */
function lengthsOf(shape: readonly number[], batch: number | undefined): readonly Axis[] {
  return shape.flatMap((length, axis) => (length === 1 || axis === batch ? [] : [{ axis, length }]));
}

/** The shortest runs of axes on both sides with equal products. */
function groupAxes(from: readonly Axis[], to: readonly Axis[]): readonly AxisGroup[] {
  const groups: AxisGroup[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const group = { from: new Array<number>(), to: new Array<number>() };
    let [left, right] = [1, 1];
    do {
      const [a, b] = [from[i], to[j]];
      if ((left <= right || b === undefined) && a !== undefined) {
        left *= a.length;
        group.from.push(a.axis);
        i++;
      } else if (b !== undefined) {
        right *= b.length;
        group.to.push(b.axis);
        j++;
      } else break;
    } while (left !== right);
    groups.push(group);
  }
  return groups;
}
