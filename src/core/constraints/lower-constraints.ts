import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { unreachable } from '../errors.ts';
import type { Constraints, IntegerGrid } from './constraint.ts';
import { lowerIntegerGrid } from './integer-grid.ts';
import { lowerCodebook } from './lower-codebook.ts';
import type { Fed, LoweredWeight, Trainable } from './lowered-weight.ts';
import { lowerSparsity } from './sparsity.ts';

/**
 * Appends the projection of a latent weight (in the kernel's own shape) to a training program: masked, then on its
 * codebook, then on its integer grid, as far as the constraints ask. `name` makes the names of what is fed and learned.
 */
export function lowerConstraints(builder: ProgramBuilder, name: string, latent: Tensor, constraints: Constraints): LoweredWeight {
  let value = latent;
  let maximum: Tensor | undefined;
  const trainables: Trainable[] = [];
  const fed: Fed[] = [];
  for (const constraint of constraints) {
    switch (constraint.kind) {
      case 'sparsity': {
        const lowered = lowerSparsity(builder, name, value, constraint);
        value = lowered.value;
        fed.push(...lowered.fed);
        break;
      }
      case 'codebook': {
        const lowered = lowerCodebook(builder, name, value, constraint);
        value = lowered.value;
        maximum = lowered.maximum;
        trainables.push(lowered.trainable);
        break;
      }
      case 'integerGrid': {
        const lowered = lowerIntegerGrid(builder, name, value, constraint, fits(maximum, value, constraint) ? maximum : undefined);
        value = lowered.value;
        trainables.push(...lowered.trainables);
        break;
      }
      default:
        unreachable(constraint);
    }
  }
  return { value, trainables, fed };
}

/** A maximum that differs by channel can't be the range of a grid that has one scale. */
function fits(maximum: Tensor | undefined, value: Tensor, grid: IntegerGrid): boolean {
  if (maximum === undefined) return false;
  return grid.granularity.kind === 'channel' || maximum.shape.every((length) => length === 1) || value.shape.length === 0;
}
