import type { QualityId } from '../../shared/results.ts';

/** What one output of the model is compared with. */
export type OutputTarget =
  | { readonly kind: 'classes'; readonly classes: number; readonly names: readonly string[] | undefined }
  /**
   * A vector to predict; `isInput`: of autoencoders, and where there are no labels, the input itself; `isImplied`: only
   * because there are no labels, so that a model of another output learns the trained model's instead.
   */
  | { readonly kind: 'regression'; readonly size: number; readonly isInput?: boolean; readonly isImplied?: boolean }
  /** A class for each of `positions` (pixels, row by row); a label that is no class, such as 255, does not count. */
  | { readonly kind: 'classMap'; readonly positions: number; readonly classes: number; readonly names: readonly string[] | undefined }
  /** For each of `size` classes whether the example is of it: 0 or 1. */
  | { readonly kind: 'multiLabel'; readonly size: number; readonly names: readonly string[] | undefined }
  /** What the trained model gives for the example. */
  | { readonly kind: 'teacher'; readonly size: number };

/** The label of positions of a class map that count for no class, as PASCAL VOC and most tools have it. */
export const ignoredLabel = 255;

/** Of one of the model's outputs. */
export interface NamedTarget {
  readonly name: string;
  /** Its place among the outputs of the model, from 0. */
  readonly output: number;
  readonly target: OutputTarget;
  /** Default: the usual one for the target. */
  readonly measure?: QualityId | undefined;
}

/** Of the model's only or first output, or of outputs by name, whose labels and numbers lie one behind the other in an example. */
export type Target = OutputTarget | { readonly kind: 'outputs'; readonly outputs: readonly NamedTarget[] };
