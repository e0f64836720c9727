/**
 * What a weight must satisfy, as data. A weight is a latent tensor with a list of constraints; the forward pass uses
 * the latent projected through them in order (sparsity, codebook, integer grid), the backward pass goes straight
 * through. A stage of the deployment tree adds one constraint and inherits the others: PQAT is sparsity + grid,
 * CQAT codebook + grid, PCQAT all three, sparsity-preserving clustering sparsity + codebook.
 */
import type { WeightBits } from '../../shared/recipe/layer-rule.ts';
import { type ConstraintKind, constraintOrder } from '../../shared/techniques.ts';
import type { ParameterId } from '../network/network.ts';

/** Whether one set of values serves the whole kernel or each output channel has its own (along `axis`). */
export type Granularity = { readonly kind: 'tensor' } | { readonly kind: 'channel'; readonly axis: number };

export interface Sparsity {
  readonly kind: 'sparsity';
  /** 1 keeps a weight, 0 holds it at zero; the layout of the kernel. */
  readonly mask: Uint8Array;
  /** The sparsity that the recipe requires of this kernel, for the certificate. */
  readonly demand?: SparsityDemand | undefined;
  /** The kernels that the zeros are for: float files are written in their form. */
  readonly runtime?: 'xnnpack' | undefined;
}

export type SparsityDemand =
  /** A number of zeros in this kernel. */
  | { readonly kind: 'zeros'; readonly zeros: number }
  /** A number of zeros in all kernels with this demand together. */
  | { readonly kind: 'shared'; readonly zeros: number }
  /** `zeros` of every `group` weights along the input channels. */
  | { readonly kind: 'groups'; readonly zeros: number; readonly group: number }
  /** A number of whole blocks of `[rows, columns]` of the kernel as a matrix `[out, elements]`. */
  | { readonly kind: 'blocks'; readonly zeros: number; readonly size: readonly [number, number] };

export interface Codebook {
  readonly kind: 'codebook';
  readonly granularity: Granularity;
  /** `[clusters]`, or `[channels * clusters]` per channel; ascending in each codebook. */
  readonly centroids: Float32Array;
  readonly clusters: number;
  /** One centroid of each codebook is exactly zero and stays so. */
  readonly zeroPinned: boolean;
  /** How a centroid learns from its members: the sum of their gradients (the default) or its average. */
  readonly gradient?: 'sum' | 'average';
  /**
   * A weight is a centroid times the unit of its channel: how one codebook serves a whole kernel whose channels a
   * folded batch norm, or an integer grid, has scaled. Units may be negative; without them they are 1.
   */
  readonly units?: ChannelUnits;
  /** Centroids are integers in [-127, 127]: the units are the scales of the integer grid. */
  readonly integers?: boolean;
  /**
   * What taking each centroid costs besides the squared distance (entropy-constrained quantization), as long as
   * `centroids` and in their squared unit; without them a weight takes its nearest centroid.
   */
  readonly costs?: Float32Array;
}

/** `[1]` for the whole tensor or `[channels]`. */
export interface ChannelUnits {
  readonly granularity: Granularity;
  readonly scales: Float32Array;
}

export interface IntegerGrid {
  readonly kind: 'integerGrid';
  readonly granularity: Granularity;
  /** `[1]` or `[channels]`, positive; a weight is an integer in `[-127, 127]`, or `[-7, 7]` of 4 bits, times its scale. */
  readonly scales: Float32Array;
  /** Of the integers; default: 8. */
  readonly bits?: WeightBits | undefined;
  /**
   * How scales follow from the weights in training. `maximum` (the default): the largest |w| at each step over 127,
   * symmetric and narrow; `learned`: step sizes trained with the weights; `fixed`: they stay.
   */
  readonly scaling?: 'maximum' | 'learned' | 'fixed';
}

export type Constraint = Sparsity | Codebook | IntegerGrid;

/** In the order of projection, at most one of a kind. */
export type Constraints = readonly Constraint[];

/** A network's constraints by parameter; a parameter that is missing is free. */
export type NetworkConstraints = ReadonlyMap<ParameterId, Constraints>;

export function findConstraint<K extends ConstraintKind>(constraints: Constraints, kind: K): Extract<Constraint, { kind: K }> | undefined {
  return constraints.find((constraint): constraint is Extract<Constraint, { kind: K }> => constraint.kind === kind);
}

/** The list with this constraint in its place, instead of any other of its kind. */
export function withConstraint(constraints: Constraints, added: Constraint): Constraints {
  return [...constraints.filter(({ kind }) => kind !== added.kind), added].sort(
    (a, b) => constraintOrder.indexOf(a.kind) - constraintOrder.indexOf(b.kind),
  );
}
