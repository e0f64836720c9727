import type { DataOptions, TestFraction } from './data-options.ts';

/** What folders of files have in common. */
export interface FileCollection extends DataOptions, TestFraction {
  /**
   * A folder or a .tar.gz. With `train` and `test` (and `validation`) folders inside they are the splits; `train` and `val`
   * alone, as torchvision's data have them, are training and test examples. Else all files are divided. A file's class is the folder it lies in, unless `pattern` says otherwise.
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
  /**
   * Classes in the order of the model's outputs, or each with its index, as torchvision's `class_to_idx` has them; files of
   * other classes are left out. Without it: all, sorted by name, as torchvision sorts them.
   * @examples [["cat", "dog"], { "cat": 0, "dog": 1 }]
   */
  readonly classes?: ClassOrder;
  /**
   * A file that can't be decoded stops the run, or is left out with a warning.
   * @default "fail"
   */
  readonly unreadable?: 'fail' | 'skip';
}

export type ClassOrder = readonly string[] | Readonly<Record<string, number>>;

export interface FieldSelection {
  readonly field: string;
  /** @minItems 1 */
  readonly values: readonly string[];
}

/** Folders that are read as the split of that name where the block names none. */
export const splitFolders = {
  train: ['train', 'training'],
  validation: ['validation', 'valid', 'val'],
  test: ['test', 'testing'],
} as const;
