import type { ByInput, ByOutput } from './by-input.ts';
import type { DataOptions, TestFraction } from './data-options.ts';

/** Arrays in .npy files, examples along the first axis. */
export interface NpyDataSpec extends DataOptions, TestFraction, ArrayTarget {
  readonly format: 'npy';
  /** @examples ["x_train.npy"] */
  readonly trainInputs: string | ByInput<string>;
  /** @examples ["y_train.npy"] */
  readonly trainLabels?: string | ByOutput<string>;
  readonly testInputs?: string | ByInput<string>;
  readonly testLabels?: string | ByOutput<string>;
}

/** Arrays in an .npz file, under Keras's names unless the spec names others. */
export interface NpzDataSpec extends DataOptions, TestFraction, ArrayTarget {
  readonly format: 'npz';
  /** @examples ["mnist.npz"] */
  readonly file: string;
  /**
   * Default for a model with several inputs: the arrays that are called as the inputs are, of which a part becomes the
   * test set.
   * @default "x_train"
   */
  readonly trainInputs?: string | ByInput<string>;
  /** @default "y_train" */
  readonly trainLabels?: string | ByOutput<string>;
  /** @default "x_test" */
  readonly testInputs?: string | ByInput<string>;
  /** @default "y_test" */
  readonly testLabels?: string | ByOutput<string>;
}

export interface ArrayTarget {
  /**
   * What the model predicts, of several outputs by their names. Without it: integers or one-hot rows are classes, rows of
   * zeros and ones several labels, integers of two axes (`[n, h, w]`) a class for each pixel (255 counts for none), other
   * numbers regression. Without labels it is an autoencoder where the output has the size of the input; else every stage
   * learns the outputs of the trained model. An autoencoder's labels, where there are any, tell anomalies (not 0) from what
   * is normal (0), for its ROC AUC.
   */
  readonly task?: ArrayTask | ByOutput<ArrayTask>;
  /**
   * Number of classes, when not all occur in the labels.
   * @asType integer
   * @minimum 2
   */
  readonly classCount?: number;
}

export type ArrayTask = 'classes' | 'multiLabel' | 'segmentation' | 'regression' | 'autoencoder';
