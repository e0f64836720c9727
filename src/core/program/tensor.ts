export type ElementType = 'float32' | 'int32' | 'bool';

/** A value in a program: handed out by the builder, meaningful only within it. */
export interface Tensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly type: ElementType;
}
