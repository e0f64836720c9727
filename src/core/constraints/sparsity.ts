/** Weights that a mask holds at zero: magnitude pruning, Zhu & Gupta 2017, arXiv:1710.01878. */
import type { ConstraintBehaviour } from './constraint-behaviour.ts';
import type { Sparsity } from './constraint.ts';
import type { WeightExpectation } from './expectation.ts';

export function sparsityBehaviour(sparsity: Sparsity): ConstraintBehaviour {
  return {
    project: (weights) => projectSparsity(weights, sparsity),
    // The product with the mask also masks the gradient: weights held at zero do not learn.
    lower: (builder, name, value) => {
      const tensor = builder.input(maskName(name), value.shape);
      return {
        value: builder.mul(value, tensor),
        stepInputs: [{ name: maskName(name), tensor, initial: Float32Array.from(sparsity.mask) }],
      };
    },
    fold: () => sparsity,
    refresh: ({ name, trained }) => {
      const mask = trained.get(maskName(name));
      return mask === undefined ? sparsity : { ...sparsity, mask: Uint8Array.from(mask) };
    },
    promise: () => promisedZeros(sparsity),
  };
}

export function projectSparsity(weights: Float32Array, { mask }: Pick<Sparsity, 'mask'>): Float32Array {
  return weights.map((weight, i) => (mask[i] === 0 ? 0 : weight));
}

/** Name of the mask that the training loop feeds. */
export function maskName(parameter: string): string {
  return `${parameter}/mask`;
}

/**
 * The larger of the zeros that the recipe requires and those that the mask holds now, since a later stage may hold more.
 * The mask alone would certify itself.
 */
function promisedZeros({ mask, demand }: Sparsity): Partial<WeightExpectation> {
  const held = mask.reduce((count, kept) => count + (kept === 0 ? 1 : 0), 0);
  switch (demand?.kind) {
    case undefined:
    case 'shared':
      return { zeros: held };
    case 'zeros':
      return { zeros: Math.max(held, demand.zeros) };
    case 'groups':
      return { zeros: held, ...(held === 0 ? {} : { group: { zeros: demand.zeros, groupSize: demand.group } }) };
    case 'blocks':
      return { zeros: held, blocks: { zeros: demand.zeros, size: demand.size } };
  }
}
