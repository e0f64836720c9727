import { checkPredictedValues } from '../data/check-predicted-values.ts';
import type { OutputTarget } from '../data/target.ts';
import { noFigures, type OutputFigures, type OutputScore, type ScoredRows } from './output-score.ts';
import { rocAuc } from './roc-auc.ts';

/** Predicted numbers: errors, the variance explained, and of an autoencoder with labels how well its error separates anomalies (ROC AUC). */
export class RegressionScore implements OutputScore {
  readonly #target: Extract<OutputTarget, { kind: 'regression' }>;
  readonly #columns: readonly ColumnSums[];
  readonly #errors: number[] = [];
  readonly #isAnomaly: boolean[] = [];
  #squared = 0;
  #absolute = 0;
  #terms = 0;

  constructor(target: Extract<OutputTarget, { kind: 'regression' }>) {
    this.#target = target;
    this.#columns = Array.from({ length: target.size }, () => new ColumnSums());
  }

  add(outputs: ArrayLike<number>, { size, labels, numbers }: ScoredRows): void {
    const width = outputs.length / size;
    checkPredictedValues(width, this.#target, 'model and data');
    for (let example = 0; example < size; example++) {
      let squared = 0;
      for (let column = 0; column < width; column++) {
        const wanted = numbers[example * width + column] ?? 0;
        const difference = (outputs[example * width + column] ?? 0) - wanted;
        squared += difference * difference;
        this.#absolute += Math.abs(difference);
        this.#columns[column]?.add(wanted, difference);
      }
      this.#squared += squared;
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
    };
  }
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
