import type { ProgramBuilder } from '../builder.ts';
import type { BroadcastTo, Concat, Gather, Pad, Reshape, ScatterAdd, Slice, Transpose } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { elements } from '../shapes.ts';
import { contributions, type Contribution, type Wanted } from './contribution.ts';
import { sumToShape } from './sum-to-shape.ts';

/** `g` under the operand's shape. */
export function reshapeGradient(builder: ProgramBuilder, { x }: Reshape, g: Tensor): Contribution[] {
  return [{ operand: x, gradient: builder.reshape(g, x.shape) }];
}

/** `g` transposed by the inverse order. */
export function transposeGradient(builder: ProgramBuilder, { x, order }: Transpose, g: Tensor): Contribution[] {
  return [
    {
      operand: x,
      gradient: builder.transpose(
        g,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    },
  ];
}

/** `g` summed over the axes that were stretched. */
export function broadcastToGradient(builder: ProgramBuilder, { x }: BroadcastTo, g: Tensor): Contribution[] {
  return [{ operand: x, gradient: sumToShape(builder, g, x.shape) }];
}

/** `g` at the places that were taken, among zeros. */
export function sliceGradient(builder: ProgramBuilder, { x, begin, size, strides }: Slice, g: Tensor): Contribution[] {
  const steps = strides.map((stride, axis) => (size[axis] === 1 ? 1 : stride));
  const spread = steps.reduce(
    (sum, stride, axis) => (stride === 1 ? sum : spreadAlong(builder, sum, axis, stride, begin[axis] ?? 0, x.shape[axis] ?? 1)),
    g,
  );
  const paddings = x.shape.map((length, axis) => {
    const before = begin[axis] ?? 0;
    return steps[axis] === 1 ? ([before, length - before - (size[axis] ?? 1)] as const) : ([0, 0] as const);
  });
  return [{ operand: x, gradient: builder.pad(spread, paddings) }];
}

/**
 * Puts the elements of an axis at `begin`, `begin + stride`, … of zeros, by a product with a matrix of zeros and ones:
 * padding each element by itself takes several times as long.
 */
function spreadAlong(builder: ProgramBuilder, g: Tensor, axis: number, stride: number, begin: number, length: number): Tensor {
  const size = g.shape[axis] ?? 1;
  const [outer, inner] = [elements(g.shape.slice(0, axis)), elements(g.shape.slice(axis + 1))];
  const shape = g.shape.map((n, i) => (i === axis ? length : n));
  const places = new Float32Array(size * length);
  for (let i = 0; i < size; i++) places[i * length + begin + i * stride] = 1;
  const matrix = builder.constant(places, [size, length]);
  if (inner === 1) return builder.reshape(builder.matmul(builder.reshape(g, [outer, size]), matrix), shape);
  return builder.reshape(builder.matmul(matrix, builder.reshape(g, [outer, size, inner]), { transposeA: true }), shape);
}

/** The part of `g` that each operand filled. */
export function concatGradient(builder: ProgramBuilder, { xs, axis }: Concat, g: Tensor, wanted: Wanted): Contribution[] {
  let offset = 0;
  return xs.flatMap((x) => {
    const begin = x.shape.map((_, i) => (i === axis ? offset : 0));
    offset += x.shape[axis] ?? 0;
    return contributions(wanted, [x, () => builder.slice(g, begin, x.shape)]);
  });
}

/** The part of `g` inside the padding. */
export function padGradient(builder: ProgramBuilder, { x, paddings }: Pad, g: Tensor): Contribution[] {
  return [
    {
      operand: x,
      gradient: builder.slice(
        g,
        paddings.map(([before]) => before),
        x.shape,
      ),
    },
  ];
}

/** Each slice of `g` added to the row that it was read from. */
export function gatherGradient(builder: ProgramBuilder, { x, indices, axis }: Gather, g: Tensor): Contribution[] {
  const rank = indices.shape.length;
  const rows = x.shape[axis] ?? 1;
  const rest = x.shape.filter((_, i) => i !== axis);
  // The gathered axes in front make the scatter one along rows.
  const front = g.shape.map((_, i) => i).slice(axis, axis + rank);
  const others = g.shape.map((_, i) => i).filter((i) => i < axis || i >= axis + rank);
  const updates = builder.reshape(builder.transpose(g, [...front, ...others]), [elements(indices.shape), elements(rest)]);
  const scattered = builder.reshape(builder.scatterAdd(rows, builder.reshape(indices, [elements(indices.shape)]), updates), [
    rows,
    ...rest,
  ]);
  const order = x.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
  return [{ operand: x, gradient: builder.transpose(scattered, order) }];
}

/** To each update the row of `g` that it was added to. */
export function scatterAddGradient(builder: ProgramBuilder, { indices, updates }: ScatterAdd, g: Tensor): Contribution[] {
  return [{ operand: updates, gradient: builder.gather(g, indices, 0) }];
}
