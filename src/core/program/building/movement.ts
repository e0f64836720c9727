import type { Tensor } from '../program.ts';
import { broadcastShapes, checkTensor, elements, normalizeAxis } from '../shapes.ts';
import type { Emitter } from './emitter.ts';

/** What moves elements, repeats them, or leaves some out. */
export function movement({ emit }: Emitter) {
  return {
    /** The same elements in row-major order; `x` itself where the shape is the same. */
    reshape(x: Tensor, shape: readonly number[]): Tensor {
      if (elements(shape) !== elements(x.shape)) throw new RangeError(`reshape: [${x.shape.join(', ')}] to [${shape.join(', ')}]`);
      return x.shape.join() === shape.join() ? x : emit(shape, x.type, (output) => ({ op: 'reshape', x, output }));
    },

    /** Axis `i` of the result is axis `order[i]` of `x`. */
    transpose(x: Tensor, order: readonly number[]): Tensor {
      if ([...order].sort((p, q) => p - q).some((axis, i) => axis !== i) || order.length !== x.shape.length)
        throw new RangeError(`transpose: order [${order.join(', ')}] of [${x.shape.join(', ')}]`);
      if (order.every((axis, i) => axis === i)) return x;
      return emit(
        order.map((axis) => x.shape[axis] ?? 0),
        x.type,
        (output) => ({ op: 'transpose', x, order, output }),
      );
    },

    /** Axes of length 1 repeated, and new leading axes, as NumPy does. */
    broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
      if (broadcastShapes(x.shape, shape, 'broadcastTo').join() !== shape.join())
        throw new RangeError(`broadcastTo: [${x.shape.join(', ')}] to [${shape.join(', ')}]`);
      return x.shape.join() === shape.join() ? x : emit(shape, x.type, (output) => ({ op: 'broadcastTo', x, output }));
    },

    /** `size[i]` elements of axis i from `begin[i]` in steps of `strides[i]`. */
    slice(x: Tensor, begin: readonly number[], size: readonly number[], strides: readonly number[] = x.shape.map(() => 1)): Tensor {
      x.shape.forEach((length, axis) => {
        const last = (begin[axis] ?? 0) + ((size[axis] ?? 0) - 1) * (strides[axis] ?? 1);
        if ((begin[axis] ?? -1) < 0 || (size[axis] ?? 0) < 1 || last >= length)
          throw new RangeError(
            `slice: begin [${begin.join(', ')}] size [${size.join(', ')}] strides [${strides.join(', ')}] of [${x.shape.join(', ')}]`,
          );
      });
      return emit(size, x.type, (output) => ({ op: 'slice', x, begin, size, strides, output }));
    },

    /** Tensors of one type that differ in the length of this axis alone. */
    concat(xs: readonly Tensor[], axis: number): Tensor {
      const first = xs[0];
      if (first === undefined) throw new RangeError('concat of nothing');
      if (xs.length === 1) return first;
      const along = normalizeAxis(axis, first.shape);
      for (const x of xs) {
        if (
          x.type !== first.type ||
          x.shape.length !== first.shape.length ||
          x.shape.some((length, i) => i !== along && length !== first.shape[i])
        )
          throw new RangeError(`concat on axis ${along}: [${first.shape.join(', ')}] with [${x.shape.join(', ')}]`);
      }
      const shape = first.shape.map((length, i) => (i === along ? xs.reduce((total, x) => total + (x.shape[i] ?? 0), 0) : length));
      return emit(shape, first.type, (output) => ({ op: 'concat', xs, axis: along, output }));
    },

    /** `paddings[i]` elements `[before, after]` on axis i, all of this value. */
    pad(x: Tensor, paddings: readonly (readonly [number, number])[], value = 0): Tensor {
      if (paddings.length !== x.shape.length) throw new RangeError(`pad: ${paddings.length} paddings for [${x.shape.join(', ')}]`);
      if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
      const shape = x.shape.map((length, axis) => length + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0));
      return emit(shape, x.type, (output) => ({ op: 'pad', x, paddings, value, output }));
    },

    /** The slices of `x` along the axis that the int32 indices name: `[...before, ...indices, ...after]`. */
    gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
      checkTensor(indices, 'int32', 'gather');
      const along = normalizeAxis(axis, x.shape);
      return emit([...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)], x.type, (output) => ({
        op: 'gather',
        x,
        indices,
        axis: along,
        output,
      }));
    },

    /** Zeros `[rows, width]` plus each of the updates `[n, width]`, added to the row that int32 `indices [n]` name. */
    scatterAdd(rows: number, indices: Tensor, updates: Tensor): Tensor {
      checkTensor(indices, 'int32', 'scatterAdd');
      if (updates.shape.length !== 2 || updates.shape[0] !== indices.shape[0])
        throw new RangeError(`scatterAdd: indices [${indices.shape.join(', ')}], updates [${updates.shape.join(', ')}]`);
      return emit([rows, updates.shape[1] ?? 0], updates.type, (output) => ({ op: 'scatterAdd', indices, updates, output }));
    },
  };
}
