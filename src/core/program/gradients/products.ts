import type { ProgramBuilder } from '../builder.ts';
import type { MatMul } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { contributions, type Contribution, type Wanted } from './contribution.ts';
import { sumToShape } from './sum-to-shape.ts';

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
