/** How many files a search tries for a budget, and how long it trains each. */
import { rangeTestSteps } from '../../shared/recipe/defaults.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import { constraintOrder } from '../../shared/techniques.ts';

/** A round of successive halving. */
export interface Rung {
  readonly candidates: number;
  /** Training steps of each candidate, all of its stages together. */
  readonly steps: number;
}

/** Below it a candidate says nothing of what training makes of it. */
export const fewestSteps = 600;
/** Candidates of the first round; each next round keeps half or less. */
const fields: readonly (readonly number[])[] = [[6, 3, 1], [4, 2, 1], [2, 1], [1]];

/** Part of all steps that the last candidate takes, where others were before it: it is the file that is wanted. */
const lastShare = 0.5;

/**
 * Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943): what a round keeps is trained again, longer. The last
 * round takes half of the steps, the rounds before it the same number each. As many candidates as the steps allow.
 *
 * @param steps of one budget
 * @param tests steps of each candidate that find its learning rates, and train nothing
 * @returns undefined where they are too few for one candidate
 * @example planRungs(9600) // [{ candidates: 4, steps: 600 }, { candidates: 2, steps: 1200 }, { candidates: 1, steps: 4800 }]
 */
export function planRungs(steps: number, tests = 0): readonly Rung[] | undefined {
  const rungs = fields.map((field) =>
    field.map((candidates, round): Rung => {
      const share = field.length === 1 ? 1 : round === field.length - 1 ? lastShare : (1 - lastShare) / (field.length - 1);
      return { candidates, steps: Math.floor((steps * share) / candidates) - tests };
    }),
  );
  return rungs.find(([first]) => first !== undefined && first.steps >= fewestSteps);
}

/** Steps of a candidate's range tests, one in each stage. */
export function testSteps({ learningRate }: TrainingOptions): number {
  return learningRate === 'range-test' ? constraintOrder.length * rangeTestSteps : 0;
}

/** A file that is larger than its budget by less is compared too: the next round corrects its size. */
export const sizeTolerance = 1.15;

/**
 * The error by which files of a round are compared. What a file takes beyond its budget it loses in the next round, and accuracy
 * with it: its error counts in proportion, so that a file does not win by bytes that it may not keep.
 *
 * @param excess its size over the budget, of several sizes the largest
 * @example errorWithinBudget(0.18, 1.1) // 0.198
 */
export function errorWithinBudget(error: number, excess: number): number {
  return error * Math.max(1, excess);
}

/** A file that was trained, and its error on validation examples. */
export interface Judged {
  readonly steps: number;
  readonly error: number;
  readonly standardError: number;
}

/**
 * The file to recommend: of those within one standard error of the smallest error the one that trained longest, then the one with
 * the smaller error, then the first. A few validation examples more or less say nothing, and of many files the luckiest has the
 * smallest error; longer training is known to help. The rule of one standard error: Breiman et al. 1984, Classification and
 * Regression Trees, section 3.4.3.
 *
 * @example
 * longestOfBest([
 *   { steps: 5000, error: 0.018, standardError: 0.0017 },
 *   { steps: 30000, error: 0.0183, standardError: 0.0017 },
 * ]) // the second
 */
export function longestOfBest<File extends Judged>(files: readonly File[]): File | undefined {
  const [least] = files.toSorted((a, b) => a.error - b.error);
  return files
    .filter(({ error }) => least !== undefined && error <= least.error + least.standardError)
    .toSorted((a, b) => b.steps - a.steps || a.error - b.error)[0];
}
