import type { ProgramBuilder } from '../builder.ts';
import type { Tensor } from '../program.ts';

/**
 * The gradient of a broadcast from `shape` to the shape of `g`: the sum of `g` over the axes that were stretched or
 * added.
 */
export function sumToShape(builder: ProgramBuilder, g: Tensor, shape: readonly number[]): Tensor {
  const added = g.shape.length - shape.length;
  const stretched = g.shape.flatMap((length, axis) => (axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : []));
  return builder.reshape(stretched.length === 0 ? g : builder.sum(g, stretched), shape);
}
