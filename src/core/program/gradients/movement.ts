import type { ProgramBuilder } from '../builder.ts';
import type { BroadcastTo, Concat, Gather, Pad, Reshape, ScatterAdd, Slice, Transpose } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { elements } from '../shapes.ts';
import { contributions, type Contribution, type Wanted } from './contribution.ts';
import { sumToShape } from './sum-to-shape.ts';

export function reshapeGradient(builder: ProgramBuilder, { x }: Reshape, g: Tensor): Contribution[] {
  return [{ operand: x, gradient: builder.reshape(g, x.shape) }];
}

export function transposeGradient(builder: ProgramBuilder, { x, order }: Transpose, g: Tensor): Contribution[] {
  return [{ operand: x, gradient: builder.transpose(g, order.map((_, axis) => order.indexOf(axis))) }];
}

export function broadcastToGradient(builder: ProgramBuilder, { x }: BroadcastTo, g: Tensor): Contribution[] {
  return [{ operand: x, gradient: sumToShape(builder, g, x.shape) }];
}

export function sliceGradient(builder: ProgramBuilder, { x, begin, size, strides }: Slice, g: Tensor): Contribution[] {
  const spread = strides.reduce((sum, stride, axis) => spreadAlong(builder, sum, axis, stride), g);
  const paddings = x.shape.map((length, axis) => {
    const before = begin[axis] ?? 0;
    return [before, length - before - (((size[axis] ?? 1) - 1) * (strides[axis] ?? 1) + 1)] as const;
  });
  return [{ operand: x, gradient: builder.pad(spread, paddings) }];
}

/** Puts `stride - 1` zeros between neighbours along an axis. */
function spreadAlong(builder: ProgramBuilder, x: Tensor, axis: number, stride: number): Tensor {
  const length = x.shape[axis] ?? 1;
  if (stride === 1 || length === 1) return x;
  const column = builder.reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]);
  const padded = builder.pad(column, column.shape.map((_, i) => (i === axis + 1 ? [0, stride - 1] as const : [0, 0] as const)));
  const spread = builder.reshape(padded, x.shape.map((n, i) => (i === axis ? n * stride : n)));
  return builder.slice(spread, x.shape.map(() => 0), x.shape.map((n, i) => (i === axis ? (length - 1) * stride + 1 : n)));
}

export function concatGradient(builder: ProgramBuilder, { xs, axis }: Concat, g: Tensor, wanted: Wanted): Contribution[] {
  let offset = 0;
  return xs.flatMap((x) => {
    const begin = x.shape.map((_, i) => (i === axis ? offset : 0));
    offset += x.shape[axis] ?? 0;
    return contributions(wanted, [x, () => builder.slice(g, begin, x.shape)]);
  });
}

export function padGradient(builder: ProgramBuilder, { x, paddings }: Pad, g: Tensor): Contribution[] {
  return [{ operand: x, gradient: builder.slice(g, paddings.map(([before]) => before), x.shape) }];
}

export function gatherGradient(builder: ProgramBuilder, { x, indices, axis }: Gather, g: Tensor): Contribution[] {
  const rank = indices.shape.length;
  const rows = x.shape[axis] ?? 1;
  const rest = x.shape.filter((_, i) => i !== axis);
  // The gathered axes in front make the scatter one along rows.
  const front = g.shape.map((_, i) => i).slice(axis, axis + rank);
  const others = g.shape.map((_, i) => i).filter((i) => i < axis || i >= axis + rank);
  const updates = builder.reshape(builder.transpose(g, [...front, ...others]), [elements(indices.shape), elements(rest)]);
  const scattered = builder.reshape(builder.scatterAdd(rows, builder.reshape(indices, [elements(indices.shape)]), updates), [rows, ...rest]);
  const order = x.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
  return [{ operand: x, gradient: builder.transpose(scattered, order) }];
}

export function scatterAddGradient(builder: ProgramBuilder, { indices, updates }: ScatterAdd, g: Tensor): Contribution[] {
  return [{ operand: updates, gradient: builder.gather(g, indices, 0) }];
}
