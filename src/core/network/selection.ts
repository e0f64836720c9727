/**
 * Parts of a value along an axis (slices, gathers of constants, splits) and their repetition, as the crops and
 * concatenations that the vocabulary has.
 */
import { EspalierError } from '../errors.ts';
import type { Shape, ValueId } from './network.ts';
import type { NetworkBuilder } from './network-builder.ts';
import { formatShape } from './shapes/shape.ts';

/** More pieces than this would be a table to look things up in, not a selection. */
const mostPieces = 4096;

/** The elements of an axis at these indices, in their order; negative ones count from the end. */
export function selected(builder: NetworkBuilder, layer: string, x: ValueId, axis: number, indices: readonly number[]): ValueId {
  const shape = builder.shapeOf(x);
  const length = shape[axis] ?? 0;
  const normal = indices.map((index) => (index < 0 ? index + length : index));
  const wrong = normal.find((index) => !Number.isInteger(index) || index < 0 || index >= length);
  if (wrong !== undefined || indices.length === 0)
    throw new EspalierError('invalid-model', `selects [${indices.slice(0, 8).join(', ')}] along axis ${axis} of ${formatShape(shape)}`, {
      where: `layer "${layer}"`,
    });
  const pieces = runs(normal);
  if (pieces.length > mostPieces)
    throw new EspalierError('unsupported-model', `selects elements in ${pieces.length} pieces, at most ${mostPieces} are supported`, {
      where: `layer "${layer}"`,
    });
  const cut = pieces.map(({ first, count, stride }) => builder.crop(layer, x, ...cropOf(shape, axis, { first, count, stride })));
  return cut.length === 1 ? (cut[0] ?? x) : builder.concat(layer, cut, axis);
}

/** `[begin, size, strides]` of a crop along one axis. */
function cropOf(
  shape: Shape,
  axis: number,
  { first, count, stride }: { readonly first: number; readonly count: number; readonly stride: number },
): [Shape, Shape, Shape] {
  const ones = shape.map(() => 1);
  return [ones.map((_, i) => (i === axis ? first : 0)), shape.with(axis, count), ones.with(axis, stride)];
}

/** Indices as runs of equal steps forward. */
function runs(indices: readonly number[]): readonly { readonly first: number; readonly count: number; readonly stride: number }[] {
  const found: { first: number; count: number; stride: number }[] = [];
  for (const index of indices) {
    const last = found.at(-1);
    const step = last === undefined ? 0 : index - (last.first + (last.count - 1) * last.stride);
    if (last !== undefined && step > 0 && (last.count === 1 || step === last.stride)) {
      last.stride = step;
      last.count++;
    } else found.push({ first: index, count: 1, stride: 1 });
  }
  return found;
}

/** The value in parts of these lengths along an axis. */
export function split(builder: NetworkBuilder, layer: string, x: ValueId, axis: number, lengths: readonly number[]): readonly ValueId[] {
  const shape = builder.shapeOf(x);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== shape[axis])
    throw new EspalierError('invalid-model', `parts of ${lengths.join(', ')} do not make up axis ${axis} of ${formatShape(shape)}`, {
      where: `layer "${layer}"`,
    });
  let first = 0;
  return lengths.map((count) => {
    const part = builder.crop(layer, x, ...cropOf(shape, axis, { first, count, stride: 1 }));
    first += count;
    return part;
  });
}

/** The value beside itself, `counts[i]` times along axis i. */
export function repeated(builder: NetworkBuilder, layer: string, x: ValueId, counts: readonly number[]): ValueId {
  return counts.reduce((value, count, axis) => {
    if (!Number.isSafeInteger(count) || count < 1 || count > mostPieces)
      throw new EspalierError('unsupported-model', `repeats axis ${axis} ${count} times; 1 to ${mostPieces} are supported`, {
        where: `layer "${layer}"`,
      });
    return count === 1 ? value : builder.concat(layer, new Array<ValueId>(count).fill(value), axis);
  }, x);
}
