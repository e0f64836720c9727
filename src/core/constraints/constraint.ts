/**
 * What a weight must satisfy, as data. A weight is a latent tensor with a list of constraints; the forward pass uses
 * the latent projected through them in order (sparsity, codebook, integer grid), the backward pass goes straight
 * through. A stage of the deployment tree adds one constraint and inherits the others: PQAT is sparsity + grid,
 * CQAT codebook + grid, PCQAT all three, sparsity-preserving clustering sparsity + codebook.
 */
import type { ParameterId } from '../network/network.ts';

/** Whether one set of values serves the whole kernel or each output channel has its own (along `axis`). */
export type Granularity = { readonly kind: 'tensor' } | { readonly kind: 'channel'; readonly axis: number };

export interface Sparsity {
  readonly kind: 'sparsity';
  /** 1 keeps a weight, 0 holds it at zero; the layout of the kernel. */
  readonly mask: Uint8Array;
}

export interface Codebook {
  readonly kind: 'codebook';
  readonly granularity: Granularity;
  /** `[clusters]`, or `[channels * clusters]` per channel; ascending in each codebook. */
  readonly centroids: Float32Array;
  readonly clusters: number;
  /** One centroid is exactly zero and stays so. */
  readonly zeroPinned: boolean;
}

export interface IntegerGrid {
  readonly kind: 'integerGrid';
  readonly granularity: Granularity;
  /** `[1]` or `[channels]`; a weight is an integer in `[-127, 127]` times its scale. */
  readonly scales: Float32Array;
}

export type Constraint = Sparsity | Codebook | IntegerGrid;
export type ConstraintKind = Constraint['kind'];

/** In the order of projection, at most one of a kind. */
export type Constraints = readonly Constraint[];

/** A network's constraints by parameter; a parameter that is missing is free. */
export type NetworkConstraints = ReadonlyMap<ParameterId, Constraints>;
