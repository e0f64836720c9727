import { unreachable } from '../../errors.ts';
import type { ProgramBuilder } from '../builder.ts';
import type { AffineRows, MatMul, Reduce, RowDot } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { elements, reducedShape } from '../shapes.ts';
import type { Contribution, Wanted } from './contribution.ts';
import { contributions } from './contribution.ts';
import { sumToShape } from './sum-to-shape.ts';

/**
 * `sum`: `g` to each element; `mean`: `g / count`; `max` and `min`: `g` shared equally among the elements that attain
 * it.
 */
export function reduceGradient(builder: ProgramBuilder, instruction: Reduce, g: Tensor): Contribution[] {
  const { x, axes, output: y } = instruction;
  const kept = reducedShape(x.shape, axes, true);
  const gKept = builder.reshape(g, kept);
  const to = (gradient: Tensor): Contribution[] => [{ operand: x, gradient }];
  switch (instruction.function) {
    case 'sum':
      return to(builder.broadcastTo(gKept, x.shape));
    case 'mean':
      return to(builder.broadcastTo(builder.mul(gKept, elements(kept) / elements(x.shape)), x.shape));
    case 'max':
    case 'min': {
      const chosen = builder.cast(builder.equal(x, builder.reshape(y, kept)), 'float32');
      return to(builder.mul(chosen, builder.div(gKept, builder.sum(chosen, axes, true))));
    }
    default:
      return unreachable(instruction.function);
  }
}

/**
 * With C = A B: dA = g B^T and dB = A^T g, transposed as the flags ask for, and summed over the leading dimensions that
 * were broadcast.
 */
export function matMulGradient(builder: ProgramBuilder, instruction: MatMul, g: Tensor, wanted: Wanted): Contribution[] {
  const { a, b, transposeA, transposeB } = instruction;
  const forA = (): Tensor =>
    transposeA ? builder.matmul(b, g, { transposeA: transposeB, transposeB: true }) : builder.matmul(g, b, { transposeB: !transposeB });
  const forB = (): Tensor => {
    // One matrix for the whole batch: its gradient is one product over all rows, rather than a sum of products.
    const shared = b.shape.length === 2 && a.shape.length > 2 && !transposeA;
    const left = shared ? builder.reshape(a, [rows(a), a.shape.at(-1) ?? 1]) : a;
    const right = shared ? builder.reshape(g, [rows(a), g.shape.at(-1) ?? 1]) : g;
    return transposeB
      ? builder.matmul(right, left, { transposeA: true, transposeB: transposeA })
      : builder.matmul(left, right, { transposeA: !transposeA });
  };
  return contributions(wanted, [a, () => sumToShape(builder, forA(), a.shape)], [b, () => sumToShape(builder, forB(), b.shape)]);
}

function rows(x: Tensor): number {
  return x.shape.slice(0, -1).reduce((product, length) => product * length, 1);
}

/** With y = x * scale + offset by rows: dx = g * scale, dscale = rowDot(g, x), doffset = the sum of each row of g. */
export function affineRowsGradient(builder: ProgramBuilder, { x, scale, offset }: AffineRows, g: Tensor, wanted: Wanted): Contribution[] {
  return contributions(
    wanted,
    [x, () => scaleRows(builder, g, scale)],
    [scale, () => builder.rowDot(g, x)],
    [offset, () => builder.sum(g, [1])],
  );
}

/** With y = a . b by rows: da = g * b and db = g * a. */
export function rowDotGradient(builder: ProgramBuilder, { a, b }: RowDot, g: Tensor, wanted: Wanted): Contribution[] {
  if (a.id === b.id) return contributions(wanted, [a, () => scaleRows(builder, a, builder.mul(g, 2))]);
  return contributions(wanted, [a, () => scaleRows(builder, b, g)], [b, () => scaleRows(builder, a, g)]);
}

function scaleRows(builder: ProgramBuilder, x: Tensor, scale: Tensor): Tensor {
  return builder.mul(x, builder.reshape(scale, [scale.shape[0] ?? 1, 1]));
}
