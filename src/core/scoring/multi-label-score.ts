import type { OutputTarget } from '../data/target.ts';
import { EspalierError } from '../errors.ts';
import { intervalsOfCounts } from './bootstrap.ts';
import { noFigures, type OutputFigures, type OutputScore, type ScoredRows } from './output-score.ts';

/** Any number of classes for each example: mean over the classes of the average precision. */
export class MultiLabelScore implements OutputScore {
  readonly #size: number;
  readonly #scores: Float32Array[] = [];
  readonly #positive: Float32Array[] = [];

  constructor({ size }: Extract<OutputTarget, { kind: 'multiLabel' }>) {
    this.#size = size;
  }

  add(outputs: ArrayLike<number>, { size, numbers }: ScoredRows): void {
    const width = outputs.length / size;
    if (width !== this.#size)
      throw new EspalierError('invalid-data', `the model has ${width} outputs, but the data have ${this.#size} classes`, {
        where: 'model and data',
        fix: 'use the data that the model was trained on',
      });
    this.#scores.push(Float32Array.from(outputs));
    this.#positive.push(numbers.slice());
  }

  figures(): OutputFigures {
    const classes = Array.from({ length: this.#size }, (_, label) =>
      ranked(column(this.#scores, label, this.#size), column(this.#positive, label, this.#size)),
    );
    const samples = classes[0]?.scores.length ?? 0;
    const once = new Uint32Array(samples).fill(1);
    return {
      ...noFigures,
      meanAveragePrecision: meanOf(classes, once),
      intervals: intervalsOfCounts(samples, this.#size, (counts) => ({ mAP: meanOf(classes, counts) })),
    };
  }
}

function column(batches: readonly Float32Array[], index: number, width: number): readonly number[] {
  return batches.flatMap((values) => Array.from({ length: values.length / width }, (_, row) => values[row * width + index] ?? 0));
}

/**
 * `sum (R_n - R_(n-1)) P_n` over the thresholds, without interpolation, as scikit-learn's `average_precision_score` has it;
 * equal scores are one threshold.
 *
 * @param positive above 0.5 for examples of the class
 * @returns undefined where no example is of the class, or a score is NaN
 * @example averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // 0.8333
 */
export function averagePrecision(scores: readonly number[], positive: readonly number[]): number | undefined {
  return precisionOf(ranked(scores, positive), new Uint32Array(scores.length).fill(1));
}

/** Examples of a class by falling score. */
interface Ranked {
  readonly order: readonly number[];
  readonly scores: readonly number[];
  readonly isPositive: readonly boolean[];
}

function ranked(scores: readonly number[], positive: readonly number[]): Ranked {
  return {
    scores,
    order: scores.map((_, index) => index).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0)),
    isPositive: positive.map((value) => value > 0.5),
  };
}

function meanOf(classes: readonly Ranked[], counts: Uint32Array): number | undefined {
  const precisions = classes.flatMap((each) => precisionOf(each, counts) ?? []);
  return precisions.length === 0 ? undefined : precisions.reduce((sum, each) => sum + each, 0) / precisions.length;
}

/** @param counts how often each example counts */
function precisionOf({ order, scores, isPositive }: Ranked, counts: Uint32Array): number | undefined {
  if (scores.some(Number.isNaN)) return undefined;
  const total = isPositive.reduce((sum, is, example) => sum + (is ? (counts[example] ?? 0) : 0), 0);
  if (total === 0) return undefined;
  let [hits, seen, sum] = [0, 0, 0];
  for (let start = 0; start < order.length;) {
    let end = start;
    let found = 0;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) {
      const example = order[end] ?? 0;
      const times = counts[example] ?? 0;
      if (isPositive[example] === true) found += times;
      seen += times;
      end++;
    }
    hits += found;
    if (found > 0) sum += (found / total) * (hits / seen);
    start = end;
  }
  return sum;
}
