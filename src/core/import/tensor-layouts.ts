import type { Shape } from '../network/network.ts';

/** Reorders the axes of a row-major tensor: axis `i` of the result is axis `order[i]` of the source. */
export function transpose(data: Float32Array, shape: Shape, order: readonly number[]): Float32Array {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  const lengths = order.map((axis) => shape[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 0);
  const result = new Float32Array(data.length);
  const position = new Array<number>(order.length).fill(0);
  let source = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[source] ?? 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      position[axis] = (position[axis] ?? 0) + 1;
      source += steps[axis] ?? 0;
      if ((position[axis] ?? 0) < (lengths[axis] ?? 1)) break;
      source -= (steps[axis] ?? 0) * (lengths[axis] ?? 1);
      position[axis] = 0;
    }
  }
  return result;
}
