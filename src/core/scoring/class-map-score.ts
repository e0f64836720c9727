import type { OutputTarget } from '../data/target.ts';
import { EspalierError } from '../errors.ts';
import { ExampleRows } from './bootstrap.ts';
import { largest, sideOf } from './class-score.ts';
import { noFigures, type OutputFigures, type OutputScore, type ScoredRows } from './output-score.ts';

/** A class for each position: intersection over union of each class, over the positions of all examples. */
export class ClassMapScore implements OutputScore {
  readonly #target: Extract<OutputTarget, { kind: 'classMap' }>;
  /** Of each class: positions with the class that are predicted to have it, that have it, and that are predicted to have it. */
  readonly #sums: Float64Array;
  readonly #rows: ExampleRows;
  #positions = 0;

  constructor(target: Extract<OutputTarget, { kind: 'classMap' }>) {
    this.#target = target;
    this.#sums = new Float64Array(3 * target.classes);
    this.#rows = new ExampleRows(3 * target.classes);
  }

  add(outputs: ArrayLike<number>, { size, labels }: ScoredRows): void {
    const { positions, classes } = this.#target;
    const width = outputs.length / size / positions;
    const isBinary = width === 1 && classes === 2;
    if (!Number.isInteger(width) || (width < classes && !isBinary))
      throw new EspalierError(
        'invalid-data',
        `the model gives ${outputs.length / size} numbers, which are not ${classes} classes at ${positions} positions`,
        { where: 'model and data', fix: 'use the masks that the model was trained on' },
      );
    for (let example = 0; example < size; example++) {
      const row = new Float64Array(3 * classes);
      for (let position = example * positions; position < (example + 1) * positions; position++) {
        const label = labels[position] ?? -1;
        // Positions without a class do not count.
        if (label < 0 || label >= classes) continue;
        const predicted = isBinary ? sideOf(outputs[position] ?? NaN) : largest(outputs, position * width, width);
        this.#positions++;
        if (predicted === label) count(row, label);
        count(row, classes + label);
        // A model may have more classes than the labels.
        if (predicted >= 0 && predicted < classes) count(row, 2 * classes + predicted);
      }
      row.forEach((value, i) => (this.#sums[i] = (this.#sums[i] ?? 0) + value));
      this.#rows.add(row);
    }
  }

  figures(): OutputFigures {
    const { classes } = this.#target;
    const hits = this.#sums.subarray(0, classes).reduce((sum, each) => sum + each, 0);
    return {
      ...noFigures,
      meanIoU: meanIoU(this.#sums),
      pixelAccuracy: this.#positions === 0 ? undefined : hits / this.#positions,
      intervals: this.#rows.intervals((sums) => ({ mIoU: meanIoU(sums) })),
    };
  }
}

/** Over the classes that a label or a prediction has, as Keras's `MeanIoU` has it. */
function meanIoU(sums: Float64Array): number | undefined {
  const classes = sums.length / 3;
  let [sum, present] = [0, 0];
  for (let label = 0; label < classes; label++) {
    const hits = sums[label] ?? 0;
    const union = (sums[classes + label] ?? 0) + (sums[2 * classes + label] ?? 0) - hits;
    if (union === 0) continue;
    sum += hits / union;
    present++;
  }
  return present === 0 ? undefined : sum / present;
}

function count(counts: Float64Array, index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}
