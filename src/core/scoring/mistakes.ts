/** An example of a classifier that is predicted as another class than its own; -1 where the outputs predict none. */
export type Mistake = readonly [example: number, label: number, predicted: number];

/** What a classifier gets wrong: kept with a node's result, so that files can be compared example by example. */
export interface Mistakes {
  /** Examples measured. */
  readonly samples: number;
  /** In the order of the examples. */
  readonly mistakes: readonly Mistake[];
}

/**
 * The mistakes of `after` that `before` does not make: negative flips (Yan et al. 2021, "Positive-Congruent Training", section 3).
 */
export function negativeFlips(before: Mistakes, after: Mistakes): readonly Mistake[] {
  const wrongBefore = new Set(before.mistakes.map(([example]) => example));
  return after.mistakes.filter(([example]) => !wrongBefore.has(example));
}
