/**
 * A tensor program: a static graph of primitive operations on tensors of fixed shape, built by `ProgramBuilder`,
 * differentiated by `gradient`, run by an engine. Nothing here knows of networks or layers.
 */
import type { Instruction } from './instructions.ts';

export type ElementType = 'float32' | 'int32' | 'bool';

/** A value in a program: handed out by the builder, meaningful only within it. */
export interface Tensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly type: ElementType;
}

export interface Program {
  /** In the order of execution; each instruction computes one tensor. */
  readonly instructions: readonly Instruction[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}
