import { unreachable } from '../../errors.ts';
import type { ProgramBuilder } from '../builder.ts';
import type { Reduce } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { elements, reducedShape } from '../shapes.ts';
import type { Contribution } from './contribution.ts';

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
