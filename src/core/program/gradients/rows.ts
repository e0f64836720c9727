import type { ProgramBuilder } from '../builder.ts';
import type { AffineRows, RowDot } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { contributions, type Contribution, type Wanted } from './contribution.ts';

export function affineRowsGradient(builder: ProgramBuilder, { x, scale, offset }: AffineRows, g: Tensor, wanted: Wanted): Contribution[] {
  return contributions(
    wanted,
    [x, () => scaleRows(builder, g, scale)],
    [scale, () => builder.rowDot(g, x)],
    [offset, () => builder.sum(g, [1])],
  );
}

export function rowDotGradient(builder: ProgramBuilder, { a, b }: RowDot, g: Tensor, wanted: Wanted): Contribution[] {
  if (a.id === b.id) return contributions(wanted, [a, () => scaleRows(builder, a, builder.mul(g, 2))]);
  return contributions(wanted, [a, () => scaleRows(builder, b, g)], [b, () => scaleRows(builder, a, g)]);
}

function scaleRows(builder: ProgramBuilder, x: Tensor, scale: Tensor): Tensor {
  return builder.mul(x, builder.reshape(scale, [scale.shape[0] ?? 1, 1]));
}
