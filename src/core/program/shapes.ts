import type { ElementType, Tensor } from './tensor.ts';

/** Strides and dilations `[h, w]`, pads `[top, left, bottom, right]`. */
export interface Window {
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

/** Every channel is a group of its own. */
export type DepthwiseWindow = Omit<Window, 'groups'>;

/** The number of elements of a shape; 1 for the scalar's `[]`. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** For messages: `[28, 28, 1] and [3]`. */
export function shapesText(shapes: readonly (readonly number[])[]): string {
  return shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ');
}

/** As engines store it. */
export function tensorBytes({ shape, type }: Tensor): number {
  return elements(shape) * (type === 'bool' ? 1 : 4);
}

/** Throws a RangeError that names `where` when the tensor has another type. */
export function checkTensor(x: Tensor, type: ElementType, where: string): void {
  if (x.type !== type) throw new RangeError(`${where}: needs ${type}, got ${x.type} [${x.shape.join(', ')}]`);
}

/**
 * An axis counted from the front; negative ones count from the last.
 *
 * @throws RangeError when the shape has no such axis
 */
export function normalizeAxis(axis: number, shape: readonly number[]): number {
  const normal = axis < 0 ? axis + shape.length : axis;
  if (normal < 0 || normal >= shape.length) throw new RangeError(`axis ${axis} of [${shape.join(', ')}]`);
  return normal;
}

/**
 * The common shape of two operands by NumPy's rule: aligned at the right, a length of 1 stretches.
 *
 * @throws RangeError that names `where` and both shapes when they do not broadcast
 * @example `broadcastShapes([4, 1], [3], 'add')` is `[4, 3]`.
 */
export function broadcastShapes(a: readonly number[], b: readonly number[], where: string): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1) throw new RangeError(`${where}: [${a.join(', ')}] does not broadcast with [${b.join(', ')}]`);
    return p === 1 ? q : p;
  });
}

/** The shape after a reduction along `axes` (from 0): they keep length 1 with `keepDimensions`, else they are dropped. */
export function reducedShape(shape: readonly number[], axes: readonly number[], keepDimensions: boolean): number[] {
  return shape.flatMap((length, axis) => (axes.includes(axis) ? (keepDimensions ? [1] : []) : [length]));
}

/**
 * The shape of `matmul`: leading dimensions broadcast, then `[rows of a, columns of b]`, after transposition.
 *
 * @throws RangeError when an operand is no matrix, or the inner lengths differ
 */
export function matMulShape(a: readonly number[], b: readonly number[], transposeA: boolean, transposeB: boolean): number[] {
  if (a.length < 2 || b.length < 2) throw new RangeError(`matmul: needs matrices, got [${a.join(', ')}] and [${b.join(', ')}]`);
  const [rows, inner] = transposeA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)];
  const [innerB, columns] = transposeB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
  if (inner !== innerB)
    throw new RangeError(
      `matmul: [${a.join(', ')}]${transposeA ? ' transposed' : ''} with [${b.join(', ')}]${transposeB ? ' transposed' : ''}`,
    );
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2), 'matmul'), rows ?? 0, columns ?? 0];
}

/**
 * x `[c, n, h, w]` with filter `[c, kh, kw]` -> `[c, n, h', w']`.
 *
 * @throws RangeError when the channels differ or a dimension of the output would be empty
 */
export function depthwiseShape(x: readonly number[], filter: readonly number[], window: DepthwiseWindow): number[] {
  const [c = 0, n = 0, h = 0, w = 0] = x;
  const [channels = 0, kh = 0, kw = 0] = filter;
  if (x.length !== 4 || filter.length !== 3 || channels !== c)
    throw new RangeError(`depthwise convolution: [${x.join(', ')}] with filter [${filter.join(', ')}]`);
  const [, , rows = 0, columns = 0] = convolutionShape([n, c, h, w], [c, 1, kh, kw], { ...window, groups: c });
  return [c, n, rows, columns];
}

/**
 * x `[n, c, h, w]` with filter `[o, c / groups, kh, kw]` -> `[n, o, h', w']`, where `h' = floor((h + top + bottom - (kh
 * - 1) * dilation - 1) / stride) + 1`.
 *
 * @throws RangeError when channels and groups do not fit, or a dimension of the output would be empty
 */
export function convolutionShape(x: readonly number[], filter: readonly number[], window: Window): number[] {
  const [n = 0, c = 0, h = 0, w = 0] = x;
  const [o = 0, channels = 0, kh = 0, kw = 0] = filter;
  if (x.length !== 4 || filter.length !== 4 || channels * window.groups !== c || o % window.groups !== 0) {
    throw new RangeError(`convolution: [${x.join(', ')}] with filter [${filter.join(', ')}] in ${window.groups} groups`);
  }
  const length = (size: number, kernel: number, axis: 0 | 1): number =>
    Math.floor(
      (size + window.pads[axis] + window.pads[axis === 0 ? 2 : 3] - (kernel - 1) * window.dilations[axis] - 1) / window.strides[axis],
    ) + 1;
  const shape = [n, o, length(h, kh, 0), length(w, kw, 1)];
  if (shape.some((size) => size < 1))
    throw new RangeError(`convolution: [${x.join(', ')}] is smaller than the filter [${filter.join(', ')}]`);
  return shape;
}
