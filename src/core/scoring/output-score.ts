import type { QualityFigures } from '../../shared/results.ts';
import type { Mistake } from './mistakes.ts';

/** The examples of a batch, as one output sees them. */
export interface ScoredRows {
  readonly size: number;
  /** `[size, label width]` */
  readonly labels: Int32Array;
  /** `[size, number width]` */
  readonly numbers: Float32Array;
}

/** Sums over examples of one output. */
export interface OutputScore {
  /** @param outputs `[size, width]`: scores of classes (any monotonic function of probability) or predicted values */
  add(outputs: ArrayLike<number>, rows: ScoredRows): void;
  figures(): OutputFigures;
  /** Of classes: the examples that are not predicted as theirs. */
  readonly mistakes?: readonly Mistake[];
}

export interface OutputFigures extends QualityFigures {
  /** `confusion[label][predicted]` counts examples. */
  readonly confusion?: readonly (readonly number[])[] | undefined;
}

export const noFigures: OutputFigures = { top1: undefined, top5: undefined, meanSquaredError: undefined };
