/**
 * A tensor program: a static graph of primitive operations on tensors of fixed shape, built by `ProgramBuilder`,
 * differentiated by `gradient`, run by an engine. Nothing here knows of networks or layers.
 */
import type { Instruction } from './instructions.ts';
import type { ElementType, Tensor } from './tensor.ts';

export type { ElementType, Tensor };

/** A whole program: what an engine compiles. `optimize` makes a smaller one with the same outputs. */
export interface Program {
  /** In the order of execution; each instruction computes one tensor. */
  readonly instructions: readonly Instruction[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}
