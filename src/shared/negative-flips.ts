/** A negative flip: a test example that the trained model gets right and a node's file gets wrong. */
export interface NegativeFlip {
  /** Its place among the test examples. */
  readonly index: number;
  readonly label: number;
  /** -1 where the file predicts no class. */
  readonly predicted: number;
  /** What the model is given: a `data:` URL of a PNG; missing for what has no picture, such as the row of a table. */
  readonly picture?: string | undefined;
}

export interface NegativeFlips {
  readonly kind: 'found';
  /** How many there are; `examples` has the first `mostFlipsShown` or fewer, evenly chosen. */
  readonly total: number;
  readonly samples: number;
  readonly examples: readonly NegativeFlip[];
  /** In the order of the labels, where the data name them. */
  readonly classNames?: readonly string[] | undefined;
  /** Sounds are shown as their spectrograms. */
  readonly shows: 'image' | 'spectrogram' | 'values';
}

/** The result is of a version that did not keep what a file predicts, or of data without classes. */
export interface NotRecorded {
  readonly kind: 'not-recorded';
}

export const mostFlipsShown = 24;
