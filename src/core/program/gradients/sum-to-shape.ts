import type { ProgramBuilder } from '../builder.ts';
import type { Tensor } from '../program.ts';

/** The gradient of a broadcast: sums `g` over the axes that were stretched to reach its shape from `shape`. */
export function sumToShape(builder: ProgramBuilder, g: Tensor, shape: readonly number[]): Tensor {
  const added = g.shape.length - shape.length;
  const stretched = g.shape.flatMap((length, axis) => (axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : []));
  return builder.reshape(stretched.length === 0 ? g : builder.sum(g, stretched), shape);
}
