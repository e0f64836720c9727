import type { ByInput } from './by-input.ts';
import type { DataOptions, TestFraction } from './data-options.ts';

/** Arrays in .npy files, examples along the first axis. */
export interface NpyDataSpec extends DataOptions, TestFraction, ArrayTarget {
  readonly format: 'npy';
  /** @examples ["x_train.npy"] */
  readonly trainInputs: string | ByInput<string>;
  /** @examples ["y_train.npy"] */
  readonly trainLabels?: string;
  readonly testInputs?: string | ByInput<string>;
  readonly testLabels?: string;
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
  readonly trainLabels?: string;
  /** @default "x_test" */
  readonly testInputs?: string | ByInput<string>;
  /** @default "y_test" */
  readonly testLabels?: string;
}

export interface ArrayTarget {
  /**
   * What the model predicts. Without it: integer or one-hot labels are classes, others regression, none an autoencoder.
   * An autoencoder's labels, where there are any, tell anomalies (not 0) from what is normal (0), for its ROC AUC.
   */
  readonly task?: 'classes' | 'regression' | 'autoencoder';
  /**
   * Number of classes, when not all occur in the labels.
   * @asType integer
   * @minimum 2
   */
  readonly classCount?: number;
}
