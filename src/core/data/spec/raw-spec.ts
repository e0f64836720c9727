import type { ByInput } from './by-input.ts';
import type { ColumnTargets } from './column-targets.ts';
import type { TableOptions } from './csv-spec.ts';
import type { DataOptions, TestFraction } from './data-options.ts';

/** One file of tensors one behind the other, and a CSV with one line a tensor, where there are labels. */
export interface RawDataSpec extends DataOptions, TestFraction, ColumnTargets, TableOptions {
  readonly format: 'raw';
  readonly train?: RawTensors;
  readonly test?: RawTensors;
  /**
   * Shape of one tensor.
   * @examples [[49, 10, 1]]
   */
  readonly shape: readonly number[] | ByInput<readonly number[]>;
  /** Little-endian. */
  readonly type: RawType | ByInput<RawType>;
  /**
   * Column of the labels CSV that holds the index of the class, counted from 0. `target` names others. Without both the data
   * have no labels.
   * @asType integer
   * @minimum 0
   */
  readonly labelColumn?: number;
  /**
   * Number of classes, when not all occur.
   * @asType integer
   * @minimum 2
   */
  readonly classCount?: number;
  readonly classNames?: readonly string[];
}

export type RawType = 'int8' | 'uint8' | 'int16' | 'float32';

export interface RawTensors {
  /** @examples ["mfcc_1000x49x10.i8"] */
  readonly inputs: string | ByInput<string>;
  /** @examples ["y_labels.csv"] */
  readonly labels?: string;
}
