import type { ByOutput } from './by-input.ts';

export type ColumnTask = 'classes' | 'multiLabel' | 'regression';

/** One column, or the columns of several numbers. */
export type ColumnNames = string | readonly string[];

/** What columns of a table have to be predicted. */
export interface ColumnTargets {
  /**
   * Column to predict; several columns are the numbers of one output. For a model of several outputs: those of each, by the
   * output's name. Without it the data have no labels, and every stage learns the outputs of the trained model.
   * @examples ["kind", ["x", "y"], { "kind": "kind", "box": ["x", "y", "width", "height"] }]
   */
  readonly target?: ColumnNames | ByOutput<ColumnNames>;
  /**
   * What the columns hold. Without it: one column of names or whole numbers has classes, several of zeros and ones have
   * several labels, other numbers are regression, and so are whole numbers where the output is a single one.
   */
  readonly task?: ColumnTask | ByOutput<ColumnTask>;
}
