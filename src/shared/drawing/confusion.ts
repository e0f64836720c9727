/** What a classifier takes for what: from its confusion matrix, `confusion[label][predicted]`. */
export interface ClassRow {
  readonly label: number;
  readonly examples: number;
  /** Part of the examples of this class that are predicted as it; undefined without examples. */
  readonly right: number | undefined;
  /** The class that its errors are predicted as most often. */
  readonly takenFor: { readonly label: number; readonly count: number } | undefined;
}

export type Confusion = readonly (readonly number[])[];

export function classRows(confusion: Confusion): readonly ClassRow[] {
  return confusion.map((counts, label) => {
    const examples = counts.reduce((sum, count) => sum + count, 0);
    const errors = counts
      .map((count, predicted) => ({ label: predicted, count }))
      .filter(({ label: predicted, count }) => predicted !== label && count > 0);
    const [takenFor] = errors.toSorted((a, b) => b.count - a.count || a.label - b.label);
    return { label, examples, right: examples === 0 ? undefined : (counts[label] ?? 0) / examples, takenFor };
  });
}
