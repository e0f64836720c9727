import type { ByInput } from './by-input.ts';
import type { ColumnTargets } from './column-targets.ts';
import type { DataOptions, TestFraction } from './data-options.ts';

/** A table, with a header line or without one. */
export interface CsvDataSpec extends DataOptions, TestFraction, ColumnTargets, TableOptions {
  readonly format: 'csv';
  /** @examples ["iris.csv"] */
  readonly file: string;
  /** A table of test examples with the same columns; without it a fraction of `file` is the test set. */
  readonly testFile?: string;
  /** Columns that the model takes, in its order; without it all numeric columns. */
  readonly features?: readonly string[] | ByInput<readonly string[]>;
  /** Columns of `features` whose values are names: one input for each value, 1 where it is the row's (one-hot). */
  readonly categorical?: readonly string[];
  /**
   * Rows with an empty or `NA` cell in a used column are left out, or the cell is filled with the column's mean.
   * @default "skip-row"
   */
  readonly missing?: 'skip-row' | 'mean';
}

/** How a table is written. */
export interface TableOptions {
  /**
   * Whether the first line names the columns. Without it: when it holds no numbers, or names a target. Columns without
   * names are called "0", "1" and so on.
   */
  readonly header?: boolean;
  /** @default "," */
  readonly separator?: string;
}
