import { checkPredictedValues } from '../data/check-predicted-values.ts';
import type { OutputTarget } from '../data/target.ts';
import { ExampleRows } from './bootstrap.ts';
import { noFigures, type OutputFigures, type OutputScore, type ScoredRows } from './output-score.ts';
import { rocAuc } from './roc-auc.ts';

/** Predicted numbers: errors, the variance explained, and of an autoencoder with labels how well its error separates anomalies (ROC AUC). */
export class RegressionScore implements OutputScore {
  readonly #target: Extract<OutputTarget, { kind: 'regression' }>;
  readonly #columns: readonly ColumnSums[];
  readonly #errors: number[] = [];
  readonly #isAnomaly: boolean[] = [];
  /** Squared and absolute errors of an example. */
  readonly #errorRows = new ExampleRows(2);
  /** Of each number: its distance from the first example's, the square of that, and the squared error. */
  readonly #columnRows: ExampleRows;
  #first: Float64Array | undefined;
  #squared = 0;
  #absolute = 0;
  #terms = 0;

  constructor(target: Extract<OutputTarget, { kind: 'regression' }>) {
    this.#target = target;
    this.#columns = Array.from({ length: target.size }, () => new ColumnSums());
    this.#columnRows = new ExampleRows(3 * target.size);
  }

  add(outputs: ArrayLike<number>, { size, labels, numbers }: ScoredRows): void {
    const width = outputs.length / size;
    checkPredictedValues(width, this.#target, 'model and data');
    for (let example = 0; example < size; example++) {
      let [squared, absolute] = [0, 0];
      const own = Float64Array.from(numbers.subarray(example * width, (example + 1) * width));
      const first = (this.#first ??= own);
      const row = new Float64Array(3 * width);
      for (let column = 0; column < width; column++) {
        const wanted = numbers[example * width + column] ?? 0;
        const difference = (outputs[example * width + column] ?? 0) - wanted;
        squared += difference * difference;
        absolute += Math.abs(difference);
        const distance = wanted - (first[column] ?? 0);
        row.set([distance, distance ** 2, difference ** 2], 3 * column);
        this.#columns[column]?.add(wanted, difference);
      }
      this.#squared += squared;
      this.#absolute += absolute;
      this.#errorRows.add(Float64Array.of(squared, absolute));
      this.#columnRows.add(row);
      if (labels.length > 0) {
        this.#errors.push(squared / width);
        this.#isAnomaly.push(labels[example] !== 0);
      }
    }
    this.#terms += outputs.length;
  }

  figures(): OutputFigures {
    const mean = (sum: number): number | undefined => (this.#terms === 0 ? undefined : sum / this.#terms);
    return {
      ...noFigures,
      meanSquaredError: mean(this.#squared),
      meanAbsoluteError: mean(this.#absolute),
      rSquared: this.#terms === 0 ? undefined : this.#columns.reduce((sum, column) => sum + column.rSquared(), 0) / this.#columns.length,
      rocAuc: rocAuc(this.#errors, this.#isAnomaly),
      intervals: {
        ...this.#errorRows.intervals(([squared = 0, absolute = 0], samples) => ({
          MSE: squared / (samples * this.#target.size),
          MAE: absolute / (samples * this.#target.size),
        })),
        ...this.#columnRows.intervals((sums, samples) => ({ R2: meanRSquared(sums, samples) })),
      },
    };
  }
}

/** The mean over the numbers, as `ColumnSums` has it, from sums of rows. */
function meanRSquared(sums: Float64Array, samples: number): number {
  let mean = 0;
  for (let column = 0; column < sums.length; column += 3) {
    const [distance = 0, square = 0, error = 0] = sums.subarray(column, column + 3);
    const variance = square - distance ** 2 / samples;
    mean += (variance > 0 ? 1 - error / variance : Number(error === 0)) / (sums.length / 3);
  }
  return mean;
}

/** `1 - sum (y - f)^2 / sum (y - mean y)^2` of one predicted number, in one pass (Welford 1962). */
class ColumnSums {
  #count = 0;
  #mean = 0;
  #variance = 0;
  #error = 0;

  add(wanted: number, difference: number): void {
    this.#count++;
    const before = wanted - this.#mean;
    this.#mean += before / this.#count;
    this.#variance += before * (wanted - this.#mean);
    this.#error += difference * difference;
  }

  /** Of a number that never changes 1 where it is predicted exactly, else 0. */
  rSquared(): number {
    if (this.#variance > 0) return 1 - this.#error / this.#variance;
    return this.#error === 0 ? 1 : 0;
  }
}
