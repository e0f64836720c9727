import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { Sparsity } from './constraint.ts';
import type { Fed } from './lowered-weight.ts';

export function projectSparsity(weights: Float32Array, { mask }: Sparsity): Float32Array {
  return weights.map((weight, i) => (mask[i] === 0 ? 0 : weight));
}

/** Name of the mask that the training loop feeds. */
export function maskName(parameter: string): string {
  return `${parameter}/mask`;
}

/** The product carries the mask into the gradient by itself: what is held at zero does not learn. */
export function lowerSparsity(
  builder: ProgramBuilder,
  name: string,
  weight: Tensor,
  { mask }: Sparsity,
): { readonly value: Tensor; readonly fed: readonly Fed[] } {
  const tensor = builder.input(maskName(name), weight.shape);
  return { value: builder.mul(weight, tensor), fed: [{ name: maskName(name), tensor, initial: Float32Array.from(mask) }] };
}
