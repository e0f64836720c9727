import type { DataOptions, TestFraction } from './data-options.ts';

/** What folders of files have in common. */
export interface FileCollection extends DataOptions, TestFraction {
  /**
   * A folder or a .tar.gz. With `train` and `test` (and `validation`) folders inside they are the splits, else all
   * files are divided. A file's class is the folder it lies in, unless `pattern` says otherwise.
   */
  readonly folder?: string;
  /** Folder or .tar.gz of the training examples. */
  readonly train?: string;
  /** Folder or .tar.gz of the test examples. */
  readonly test?: string;
  /**
   * Where a file's name says its class: text with fields in angle brackets, matched against the file's name.
   * @examples ["<class>_<speaker>_<n>.wav"]
   */
  readonly pattern?: string;
  /**
   * The test set by a field of `pattern`: files whose field has one of the values.
   * @examples [{ "field": "n", "values": ["0", "1", "2", "3", "4"] }]
   */
  readonly testWhere?: FieldSelection;
  /** Classes in the order of the model's outputs; files of other classes are left out. Without it: all, sorted by name. */
  readonly classes?: readonly string[];
  /**
   * A file that can't be decoded stops the run, or is left out with a warning.
   * @default "fail"
   */
  readonly unreadable?: 'fail' | 'skip';
}

export interface FieldSelection {
  readonly field: string;
  /** @minItems 1 */
  readonly values: readonly string[];
}
