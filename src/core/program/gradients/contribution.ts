import type { Tensor } from '../program.ts';

/** What one instruction adds to the gradient of one of its operands; of the operand's shape. */
export interface Contribution {
  readonly operand: Tensor;
  readonly gradient: Tensor;
}

/** Whether a gradient is wanted for an operand: rules skip the work for the others. */
export type Wanted = (operand: Tensor) => boolean;

/** The contributions of those operands that are wanted, computed only then. */
export function contributions(wanted: Wanted, ...rules: readonly (readonly [Tensor, () => Tensor])[]): Contribution[] {
  return rules.filter(([operand]) => wanted(operand)).map(([operand, gradient]) => ({ operand, gradient: gradient() }));
}
