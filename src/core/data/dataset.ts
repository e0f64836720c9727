import type { StoredExamples } from './preprocessing/input-steps.ts';
import type { Target } from './target.ts';

/** Data for the rest of the core: a number of examples, any batch of which can be read. */
export interface DataSet {
  readonly name: string;
  readonly size: number;
  /**
   * Of one example, as the model takes it after preprocessing: `[h, w, c]`, `[frames, coefficients, 1]`, `[features]`. One
   * for each input of the model, in its order.
   */
  readonly inputShapes: readonly (readonly number[])[];
  readonly target: Target;
  /** Class of each example, where the target is classes and they are known without reading the examples. */
  readonly labels?: Int32Array | undefined;
  /** The examples that the inputs are made from; undefined where they cannot be read one by one. */
  readonly stored?: StoredExamples | undefined;
  /**
   * Reads examples in the order of the indices. Bounded memory: nothing else stays loaded but what a cache allows.
   *
   * @param epoch counts from 0 in training: examples are augmented as a function of seed, epoch and example. Without it
   * (evaluation, calibration) they are not augmented.
   */
  read(indices: Uint32Array, epoch?: number): Promise<Batch>;
}

export interface Batch {
  readonly size: number;
  /** `[size, ...shape]` for each input of the model. */
  readonly inputs: readonly Float32Array[];
  /**
   * Class indices, `[size]`, or `[size, label width]`: see `boundTargets`. Of autoencoders, where the data have labels, 0 for
   * what is normal. Empty where there are none.
   */
  readonly labels: Int32Array;
  /** Numbers to predict, `[size, target width]`; empty where there are none. */
  readonly targets: Float32Array;
}

export interface DataSplits {
  readonly train: DataSet;
  /** Empty when nothing is held back. */
  readonly validation: DataSet;
  readonly test: DataSet;
}
