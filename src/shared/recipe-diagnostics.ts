/** Something about a recipe that the user should know before a run, with its place in the file. */
export interface RecipeDiagnostic {
  readonly severity: 'error' | 'warning';
  /** `unknown-field`, `missing-file`, `unknown-layer`…: what a quick fix goes by. */
  readonly code: DiagnosticCode;
  readonly message: string;
  /** Characters from the start of the text. */
  readonly offset: number;
  readonly length: number;
  /** Of the field: `["techniques", "pruning", "sparsity"]`. */
  readonly path: readonly (string | number)[];
  /** What could stand there instead, best first. */
  readonly suggestions: readonly string[];
}

export type DiagnosticCode =
  | 'syntax'
  | 'unknown-field'
  | 'wrong-type'
  | 'out-of-range'
  | 'missing-field'
  | 'contradiction'
  | 'missing-file'
  | 'unknown-layer'
  | 'unknown-node'
  | 'unknown-output'
  | 'wrong-class-count'
  | 'does-not-fit'
  | 'unreadable-model'
  | 'unreadable-data';
