import type { Augmentation, Preprocessing } from '../preprocessing/preprocessing.ts';

/** What every format has. */
export interface DataOptions {
  /**
   * `false`: labels are not read, whether the data have some or not, and every stage learns the outputs of the trained model.
   * @default true
   */
  readonly labelled?: boolean;
  /**
   * Part of the training examples that is held back for validation; classes keep their proportions. Where the data
   * brings a validation set of its own, that one is used.
   * @default 0.1
   * @minimum 0
   * @exclusiveMaximum 1
   */
  readonly validation?: number;
  /** Use only so many examples, of every split or of each; classes keep their proportions. */
  readonly limit?: number | SplitLimits;
  /**
   * Decides which examples become test examples and which survive a limit. Apart from the run's seed, so that runs
   * with different seeds are measured on the same examples.
   * @default 0
   */
  readonly splitSeed?: number;
  readonly preprocessing?: Preprocessing;
  readonly augmentation?: Augmentation;
  /**
   * Decoded examples kept in memory, in megabytes.
   * @default 512
   * @minimum 1
   */
  readonly cacheMegabytes?: number;
}

export interface SplitLimits {
  /**
   * Training examples, before validation is held back.
   * @asType integer
   * @minimum 1
   */
  readonly train?: number;
  /**
   * @asType integer
   * @minimum 1
   */
  readonly validation?: number;
  /**
   * @asType integer
   * @minimum 1
   */
  readonly test?: number;
}

/** How test examples are found when the data has no test set of its own. */
export interface TestFraction {
  /**
   * Part of the examples that becomes the test set; classes keep their proportions.
   * @default 0.2
   * @minimum 0
   * @exclusiveMaximum 1
   */
  readonly testFraction?: number;
}
