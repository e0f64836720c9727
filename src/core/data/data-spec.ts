/**
 * What a recipe's `data` block or a `--data` file says: where the examples are, how they are split, and what happens to
 * them before the model sees them. Plain JSON; the recipe's schema is generated from these types. Paths are relative to
 * the file that holds the block.
 */
import type { Augmentation, Preprocessing } from './preprocessing/preprocessing.ts';

/** A data set, by its format. */
export type DataSpec =
  | IdxDataSpec
  | CifarBinaryDataSpec
  | ImageDataSpec
  | AudioDataSpec
  | NpyDataSpec
  | NpzDataSpec
  | CsvDataSpec
  | RawDataSpec
  | GeneratedDataSpec;

export type DataFormat = DataSpec['format'];

/** What every format has. */
export interface DataOptions {
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

/** IDX files, the form of MNIST and Fashion-MNIST; gzip is recognised. */
export interface IdxDataSpec extends DataOptions {
  readonly format: 'idx';
  /**
   * Folder with the four files under their usual names, with or without `.gz`.
   * @examples ["mnist"]
   */
  readonly folder?: string;
  /** @examples ["mnist/train-images-idx3-ubyte.gz"] */
  readonly trainImages?: string;
  /** @examples ["mnist/train-labels-idx1-ubyte.gz"] */
  readonly trainLabels?: string;
  /** @examples ["mnist/t10k-images-idx3-ubyte.gz"] */
  readonly testImages?: string;
  /** @examples ["mnist/t10k-labels-idx1-ubyte.gz"] */
  readonly testLabels?: string;
  /** Names of the classes, in the order of their labels. */
  readonly classNames?: readonly string[];
}

/** CIFAR's binary batches: records of a label and 32x32 pixels, colour plane by colour plane; gzip is recognised. */
export interface CifarBinaryDataSpec extends DataOptions, TestFraction {
  readonly format: 'cifar-binary';
  /**
   * Folder or .tar.gz with `data_batch_*.bin` and `test_batch.bin` (CIFAR-100: `train.bin` and `test.bin`).
   * @examples ["cifar-10-batches-bin"]
   */
  readonly folder?: string;
  /** Training batches, when they have other names. */
  readonly train?: readonly string[];
  /** Test batches; without them a fraction of the training examples is the test set. */
  readonly test?: readonly string[];
  /**
   * CIFAR-100 has two labels a record, of which the fine one is used.
   * @default "cifar-10"
   */
  readonly variant?: 'cifar-10' | 'cifar-100';
}

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

/** JPEG and PNG files by class. */
export interface ImageDataSpec extends FileCollection {
  readonly format: 'images';
}

/** WAV files by class. */
export interface AudioDataSpec extends FileCollection {
  readonly format: 'audio';
  /** `speech-commands`: that data set's official split, by the hash of the speaker in `<speaker>_nohash_<n>.wav`. */
  readonly split?: 'speech-commands';
  /** One of `classes` that stands for every word that is not among them. */
  readonly unknown?: MadeClass;
  /** One of `classes` whose examples are cut from recordings of background noise, at random volumes. */
  readonly silence?: MadeClass;
  /**
   * Folder, anywhere in the data, with long recordings of background noise: no class, but what `silence` and the
   * augmentation `backgroundNoise` are cut from.
   * @default "_background_noise_"
   */
  readonly backgroundFolder?: string;
}

/** A class that has no folder of its own. */
export interface MadeClass {
  /** @examples ["silence", "unknown"] */
  readonly class: string;
  /**
   * Number of its examples in each split, as a part of the number of all words in `classes` together.
   * @default 0.1
   * @exclusiveMinimum 0
   */
  readonly share?: number;
}

/** Arrays in .npy files, examples along the first axis. */
export interface NpyDataSpec extends DataOptions, TestFraction, ArrayTarget {
  readonly format: 'npy';
  /** @examples ["x_train.npy"] */
  readonly trainInputs: string;
  /** @examples ["y_train.npy"] */
  readonly trainLabels?: string;
  readonly testInputs?: string;
  readonly testLabels?: string;
}

/** Arrays in an .npz file, under Keras's names unless told otherwise. */
export interface NpzDataSpec extends DataOptions, TestFraction, ArrayTarget {
  readonly format: 'npz';
  /** @examples ["mnist.npz"] */
  readonly file: string;
  /** @default "x_train" */
  readonly trainInputs?: string;
  /** @default "y_train" */
  readonly trainLabels?: string;
  /** @default "x_test" */
  readonly testInputs?: string;
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

/** A table with a header line. */
export interface CsvDataSpec extends DataOptions, TestFraction {
  readonly format: 'csv';
  /** @examples ["iris.csv"] */
  readonly file: string;
  /** A table of test examples with the same columns; without it a fraction of `file` is the test set. */
  readonly testFile?: string;
  /** Column to predict. */
  readonly target: string;
  /** @default "classes" */
  readonly task?: 'classes' | 'regression';
  /** Columns that the model takes, in its order; without it all numeric columns. */
  readonly features?: readonly string[];
  /** Columns of `features` whose values are names: one input for each value, 1 where it is the row's (one-hot). */
  readonly categorical?: readonly string[];
  /**
   * Rows with an empty or `NA` cell in a used column are left out, or the cell is filled with the column's mean.
   * @default "skip-row"
   */
  readonly missing?: 'skip-row' | 'mean';
  /** @default "," */
  readonly separator?: string;
}

/** One file of tensors one behind the other, and a CSV with one line a tensor. */
export interface RawDataSpec extends DataOptions, TestFraction {
  readonly format: 'raw';
  readonly train?: RawTensors;
  readonly test?: RawTensors;
  /**
   * Shape of one tensor.
   * @examples [[49, 10, 1]]
   */
  readonly shape: readonly number[];
  /** Little-endian. */
  readonly type: 'int8' | 'uint8' | 'int16' | 'float32';
  /**
   * Column of the labels CSV that holds the class, counted from 0.
   * @asType integer
   * @minimum 0
   */
  readonly labelColumn: number;
  /**
   * The labels CSV starts with a line of column names.
   * @default false
   */
  readonly header?: boolean;
  /**
   * Number of classes, when not all occur.
   * @asType integer
   * @minimum 2
   */
  readonly classCount?: number;
  readonly classNames?: readonly string[];
}

export interface RawTensors {
  /** @examples ["mfcc_1000x49x10.i8"] */
  readonly inputs: string;
  /** @examples ["y_labels.csv"] */
  readonly labels: string;
}

/** Examples that are made rather than read: small, for trials and tests. Nothing real, and never to be quoted as such. */
export interface GeneratedDataSpec extends DataOptions {
  readonly format: 'generated';
  /** `digits`: drawn digits 28x28. `keywords`: 49x10 patterns of 12 spoken-word-like classes. `table`: 8 features, 3 classes. */
  readonly set: 'digits' | 'keywords' | 'table';
  /**
   * Training examples, validation included.
   * @asType integer
   * @minimum 1
   * @default 6000
   */
  readonly trainSize?: number;
  /**
   * @asType integer
   * @minimum 1
   * @default 1000
   */
  readonly testSize?: number;
  /**
   * Of the generator: another seed, other examples.
   * @asType integer
   * @default 0
   */
  readonly generatorSeed?: number;
}
