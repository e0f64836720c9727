/** Type of a tensor's elements; a bool is stored as a byte of 0 or 1. */
export type ElementType = 'float32' | 'int32' | 'bool';

/** A value in a program. The builder makes it, and it has a meaning only within that builder's program. */
export interface Tensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly type: ElementType;
}
