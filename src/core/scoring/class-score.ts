import type { OutputTarget } from '../data/target.ts';
import { EspalierError } from '../errors.ts';
import type { Mistake } from './mistakes.ts';
import { noFigures, type OutputFigures, type OutputScore, type ScoredRows } from './output-score.ts';
import { rocAuc } from './roc-auc.ts';

/** Nobody reads larger matrices, and they would make events large. */
const mostConfusionClasses = 100;

/** One class for each example. */
export class ClassScore implements OutputScore {
  readonly #classes: number;
  /** `[classes, classes]`, rows are labels; empty above 100 classes. */
  readonly #confusion: Uint32Array;
  /** Where there are two classes, for each example: the score of the second class, and whether it is the label. */
  readonly #scores: number[] = [];
  readonly #positive: boolean[] = [];
  readonly #mistakes: Mistake[] = [];
  #samples = 0;
  #top1 = 0;
  #top5 = 0;

  constructor({ classes }: Extract<OutputTarget, { kind: 'classes' }>) {
    this.#classes = classes;
    this.#confusion = new Uint32Array(classes <= mostConfusionClasses ? classes ** 2 : 0);
  }

  add(outputs: ArrayLike<number>, { size, labels }: ScoredRows): void {
    const classes = this.#classes;
    const width = outputs.length / size;
    // One sigmoid output decides between two classes.
    const isBinary = width === 1 && classes === 2;
    if (!isBinary && width < classes) {
      throw new EspalierError('invalid-data', `the model has ${width} outputs, but the data have ${classes} classes`, {
        where: 'model and data',
        fix: 'use the data that the model was trained on, or choose its classes with "classes" in the data spec',
      });
    }
    for (let example = 0; example < size; example++) {
      const label = labels[example] ?? 0;
      const first = example * width;
      const predicted = isBinary ? sideOf(outputs[example] ?? NaN) : largest(outputs, first, width);
      if (predicted === label) this.#top1++;
      else this.#mistakes.push([this.#samples + example, label, predicted]);
      if (isBinary || rankOf(outputs, first, width, label) < 5) this.#top5++;
      if (classes === 2) {
        this.#scores.push(isBinary ? (outputs[example] ?? 0) : (outputs[first + 1] ?? 0) - (outputs[first] ?? 0));
        this.#positive.push(label === 1);
      }
      if (predicted >= 0 && predicted < classes && this.#confusion.length > 0) {
        const cell = label * classes + predicted;
        this.#confusion[cell] = (this.#confusion[cell] ?? 0) + 1;
      }
    }
    this.#samples += size;
  }

  get mistakes(): readonly Mistake[] {
    return this.#mistakes;
  }

  figures(): OutputFigures {
    const [classes, samples] = [this.#classes, this.#samples];
    return {
      ...noFigures,
      top1: samples === 0 ? undefined : this.#top1 / samples,
      top5: samples > 0 && classes > 5 ? this.#top5 / samples : undefined,
      rocAuc: rocAuc(this.#scores, this.#positive),
      confusion:
        this.#confusion.length === 0
          ? undefined
          : Array.from({ length: classes }, (_, label) => Array.from(this.#confusion.subarray(label * classes, (label + 1) * classes))),
    };
  }
}

/** Of two classes, by the probability of the second; -1 for NaN. */
export function sideOf(probability: number): number {
  return Number.isNaN(probability) ? -1 : Number(probability > 0.5);
}

/** The first of equals, as argmax has it everywhere; -1 where all are NaN, which predicts nothing. */
export function largest(values: ArrayLike<number>, start: number, count: number): number {
  let best = -1;
  for (let i = 0; i < count; i++) {
    const value = values[start + i] ?? NaN;
    if (value > (values[start + best] ?? NaN) || (best < 0 && !Number.isNaN(value))) best = i;
  }
  return best;
}

/** How many classes come before the label: those with a larger score, and equals with a lower index. */
function rankOf(values: ArrayLike<number>, start: number, count: number, label: number): number {
  const score = values[start + label] ?? NaN;
  if (Number.isNaN(score)) return count;
  let rank = 0;
  for (let i = 0; i < count; i++) {
    const other = values[start + i] ?? 0;
    if (other > score || (other === score && i < label)) rank++;
  }
  return rank;
}
