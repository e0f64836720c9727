import type { OutputTarget } from '../data/target.ts';
import { EspalierError } from '../errors.ts';
import { largest, sideOf } from './class-score.ts';
import { noFigures, type OutputFigures, type OutputScore, type ScoredRows } from './output-score.ts';

/** A class for each position: intersection over union of each class, over the positions of all examples. */
export class ClassMapScore implements OutputScore {
  readonly #target: Extract<OutputTarget, { kind: 'classMap' }>;
  readonly #hits: Float64Array;
  readonly #labelled: Float64Array;
  readonly #predicted: Float64Array;
  #positions = 0;

  constructor(target: Extract<OutputTarget, { kind: 'classMap' }>) {
    this.#target = target;
    this.#hits = new Float64Array(target.classes);
    this.#labelled = new Float64Array(target.classes);
    this.#predicted = new Float64Array(target.classes);
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
    for (let position = 0; position < size * positions; position++) {
      const label = labels[position] ?? -1;
      // Positions without a class do not count.
      if (label < 0 || label >= classes) continue;
      const predicted = isBinary ? sideOf(outputs[position] ?? NaN) : largest(outputs, position * width, width);
      this.#positions++;
      count(this.#labelled, label);
      if (predicted >= 0) count(this.#predicted, predicted);
      if (predicted === label) count(this.#hits, label);
    }
  }

  /** Over the classes that a label or a prediction has, as Keras's `MeanIoU` has it. */
  figures(): OutputFigures {
    let [sum, present, hits] = [0, 0, 0];
    this.#hits.forEach((hit, label) => {
      const union = (this.#labelled[label] ?? 0) + (this.#predicted[label] ?? 0) - hit;
      hits += hit;
      if (union === 0) return;
      sum += hit / union;
      present++;
    });
    return {
      ...noFigures,
      meanIoU: present === 0 ? undefined : sum / present,
      pixelAccuracy: this.#positions === 0 ? undefined : hits / this.#positions,
    };
  }
}

function count(counts: Float64Array, index: number): void {
  if (index < counts.length) counts[index] = (counts[index] ?? 0) + 1;
}
