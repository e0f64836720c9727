import type { Accuracy } from '../../shared/results.ts';
import { checkPredictedValues } from '../data/check-predicted-values.ts';
import type { Batch } from '../data/dataset.ts';
import type { Target } from '../data/target.ts';
import { EspalierError } from '../errors.ts';

/** Sums over examples. */
export interface ScoreSums {
  samples: number;
  top1: number;
  top5: number;
  squaredError: number;
  errorTerms: number;
  /** `[classes, classes]`, rows are labels; empty for regression and above 100 classes. */
  readonly confusion: Uint32Array;
  /** Where there are two classes, for each example: the score of the second class, and whether it is the label. */
  readonly scores: number[];
  readonly positive: boolean[];
}

/** Larger matrices are not read by anybody and would make events large. */
const mostConfusionClasses = 100;

export function emptySums(target: Target): ScoreSums {
  return {
    samples: 0,
    top1: 0,
    top5: 0,
    squaredError: 0,
    errorTerms: 0,
    confusion: new Uint32Array(target.kind === 'classes' && target.classes <= mostConfusionClasses ? target.classes ** 2 : 0),
    scores: [],
    positive: [],
  };
}

/** @param outputs `[size, width]`: scores of classes (any monotonic function of probability) or predicted values */
export function addScores(sums: ScoreSums, outputs: ArrayLike<number>, batch: Batch, target: Target): void {
  const width = outputs.length / batch.size;
  if (target.kind === 'classes') addClassScores(sums, outputs, batch, target.classes, width);
  else addErrors(sums, outputs, batch, target, width);
  sums.samples += batch.size;
}

function addClassScores(sums: ScoreSums, outputs: ArrayLike<number>, batch: Batch, classes: number, width: number): void {
  // One sigmoid output decides between two classes.
  const isBinary = width === 1 && classes === 2;
  if (!isBinary && width < classes) {
    throw new EspalierError('invalid-data', `the model has ${width} outputs, but the data have ${classes} classes`, {
      where: 'model and data',
      fix: 'use the data that the model was trained on, or choose its classes with "classes" in the data spec',
    });
  }
  for (let example = 0; example < batch.size; example++) {
    const label = batch.labels[example] ?? 0;
    const predicted = isBinary ? sideOf(outputs[example] ?? NaN) : largest(outputs, example * width, width);
    if (predicted === label) sums.top1++;
    if (isBinary || rankOf(outputs, example * width, width, label) < 5) sums.top5++;
    if (classes === 2) {
      const first = example * width;
      sums.scores.push(isBinary ? (outputs[example] ?? 0) : (outputs[first + 1] ?? 0) - (outputs[first] ?? 0));
      sums.positive.push(label === 1);
    }
    if (predicted >= 0 && predicted < classes && sums.confusion.length > 0) {
      const cell = label * classes + predicted;
      sums.confusion[cell] = (sums.confusion[cell] ?? 0) + 1;
    }
  }
}

/** Of two classes, by the probability of the second; -1 for NaN. */
function sideOf(probability: number): number {
  return Number.isNaN(probability) ? -1 : Number(probability > 0.5);
}

/** The first of equals, as argmax has it everywhere; -1 where all are NaN, which predicts nothing. */
function largest(values: ArrayLike<number>, start: number, count: number): number {
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

function addErrors(
  sums: ScoreSums,
  outputs: ArrayLike<number>,
  batch: Batch,
  target: Extract<Target, { kind: 'regression' }>,
  width: number,
): void {
  checkPredictedValues(width, target, 'model and data');
  for (let example = 0; example < batch.size; example++) {
    let squared = 0;
    for (let i = example * width; i < (example + 1) * width; i++) {
      const difference = (outputs[i] ?? 0) - (batch.targets[i] ?? 0);
      squared += difference * difference;
    }
    sums.squaredError += squared;
    if (batch.labels.length > 0) {
      sums.scores.push(squared / width);
      sums.positive.push(batch.labels[example] !== 0);
    }
  }
  sums.errorTerms += outputs.length;
}

export function accuracyOf(sums: ScoreSums, target: Target, runtime: string): Accuracy {
  const isClasses = target.kind === 'classes' && sums.samples > 0;
  const classes = target.kind === 'classes' ? target.classes : 0;
  return {
    top1: isClasses ? sums.top1 / sums.samples : undefined,
    top5: isClasses && classes > 5 ? sums.top5 / sums.samples : undefined,
    meanSquaredError: target.kind === 'regression' && sums.errorTerms > 0 ? sums.squaredError / sums.errorTerms : undefined,
    rocAuc: rocAuc(sums.scores, sums.positive),
    confusion:
      sums.confusion.length === 0
        ? undefined
        : Array.from({ length: classes }, (_, label) => Array.from(sums.confusion.subarray(label * classes, (label + 1) * classes))),
    samples: sums.samples,
    runtime,
  };
}

/** Area under the ROC curve by ranks (Mann-Whitney); equal scores count half. Undefined when one class is missing, or a score is NaN. */
export function rocAuc(scores: ArrayLike<number>, positive: ArrayLike<boolean>): number | undefined {
  // NaN has no rank.
  if (Array.from(scores).some(Number.isNaN)) return undefined;
  const order = Array.from({ length: scores.length }, (_, index) => index).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) {
      if (positive[order[i] ?? 0] === true) {
        positives++;
        rankSum += rank;
      }
    }
    start = end;
  }
  const negatives = scores.length - positives;
  return positives === 0 || negatives === 0 ? undefined : (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
