import { expect, it } from 'vitest';
import type { Batch } from '../../../src/core/data/dataset.ts';
import { rocAuc } from '../../../src/core/scoring/roc-auc.ts';
import { averagePrecision } from '../../../src/core/scoring/multi-label-score.ts';
import { standardErrorOf } from '../../../src/core/scoring/task-error.ts';
import { Scores } from '../../../src/core/scoring/score.ts';
import type { Target } from '../../../src/core/data/target.ts';
import { qualityTable } from '../../../src/shared/qualities.ts';
import type { Accuracy } from '../../../src/shared/results.ts';

it('top-1, top-5, confusion, ties to the first class', () => {
  const target = { kind: 'classes', classes: 6, names: undefined } as const;
  const sums = new Scores(target);
  const outputs = [0.1, 0.5, 0.1, 0.1, 0.1, 0.1, /* tie */ 3, 3, 0, 0, 0, -1];
  sums.add([outputs], { size: 2, inputs: [], labels: Int32Array.of(1, 5), targets: new Float32Array(0) });
  const { confusion, ...figures } = sums.accuracy('r');
  expect(figures).toEqual({ top1: 0.5, top5: 0.5, measure: 'accuracy', samples: 2, runtime: 'r' });
  expect([confusion?.[1]?.[1], confusion?.[5]?.[0], confusion?.flat().reduce((sum, count) => sum + count)]).toEqual([1, 1, 2]);
});

it('mean squared error of regression', () => {
  const target = { kind: 'regression', size: 2 } as const;
  const sums = new Scores(target);
  sums.add([[1, 2, 3, 4]], { size: 2, inputs: [], labels: new Int32Array(0), targets: Float32Array.of(1, 0, 0, 4) });
  expect(sums.accuracy('r').meanSquaredError).toBe(13 / 4);
});

it('ROC AUC counts pairs in order, ties half', () => {
  expect(rocAuc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75);
  expect(rocAuc([1, 1, 1], [true, false, false])).toBe(0.5);
  expect(rocAuc([1, 2], [true, true])).toBeUndefined();
  expect(rocAuc([NaN, 1, NaN], [true, false, false])).toBeUndefined();
});

const batchOf = (labels: readonly number[], targets: readonly number[] = []): Batch => ({
  size: labels.length,
  inputs: [],
  labels: Int32Array.from(labels),
  targets: Float32Array.from(targets),
});

it('an output that is NaN is never right, for whichever class', () => {
  const target = { kind: 'classes', classes: 6, names: undefined } as const;
  const sums = new Scores(target);
  sums.add([[...Array.from({ length: 6 }, () => NaN), NaN, 1, 0, 0, 0, 0]], batchOf([0, 1]));
  const { confusion, ...figures } = sums.accuracy('r');
  expect(figures).toMatchObject({ top1: 0.5, top5: 0.5, samples: 2 });
  expect(confusion?.flat().reduce((sum, count) => sum + count)).toBe(1);
  const two = { kind: 'classes', classes: 2, names: undefined } as const;
  const binary = new Scores(two);
  binary.add([[NaN, 0.1]], batchOf([0, 0]));
  expect(binary.accuracy('r')).toMatchObject({ top1: 0.5, rocAuc: undefined });
});

it('says that labels are missing where the input would be the target', () => {
  const target = { kind: 'regression', size: 4, isInput: true } as const;
  const batch: Batch = { size: 1, inputs: [], labels: new Int32Array(0), targets: Float32Array.of(1, 2, 3, 4) };
  expect(() => new Scores(target).add([[1, 2]], batch)).toThrow(
    /without labels the model should give back its input of 4 values, but it has 2 outputs/,
  );
});

it('two classes have a ROC AUC, by one output or by two', () => {
  const target = { kind: 'classes', classes: 2, names: undefined } as const;
  const probabilities = [0.1, 0.4, 0.35, 0.8];
  const two = new Scores(target);
  two.add([probabilities.flatMap((p) => [1 - p, p])], batchOf([0, 0, 1, 1]));
  const one = new Scores(target);
  one.add([probabilities], batchOf([0, 0, 1, 1]));
  for (const sums of [one, two]) {
    expect(sums.accuracy('r')).toMatchObject({
      rocAuc: 0.75,
      top1: 0.75,
      confusion: [
        [2, 0],
        [1, 1],
      ],
    });
  }
});

it('an autoencoder with labels is judged by its reconstruction error', () => {
  const target = { kind: 'regression', size: 2 } as const;
  const sums = new Scores(target);
  // Errors 0, 4 and 1 (means over two values); the second and third are anomalies of different kinds.
  sums.add([[1, 1, 3, 1, 1, 1]], batchOf([0, 2, 1], [1, 1, 1, 3, 0, 0]));
  expect(sums.accuracy('r')).toMatchObject({ rocAuc: 1, meanSquaredError: 10 / 6 });
});

it('a matrix of more classes than anybody reads is left out', () => {
  const target = { kind: 'classes', classes: 101, names: undefined } as const;
  const sums = new Scores(target);
  sums.add([Float32Array.from({ length: 101 }, (_, label) => Number(label === 7))], batchOf([7]));
  expect(sums.accuracy('r')).toMatchObject({ top1: 1, confusion: undefined });
});

it('mean IoU over the classes that occur, without positions that have no class', () => {
  const target = { kind: 'classMap', positions: 4, classes: 3, names: undefined } as const;
  const scores = new Scores(target);
  // Labels 0 0 1 and one that does not count; predicted 0 1 1 2.
  const outputs = [1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1];
  scores.add([outputs], { ...batchOf([0, 0, 1, 255]), size: 1 });
  // Class 0: 1 of 2, class 1: 1 of 2; class 2 has neither label nor prediction where it counts.
  expect(scores.accuracy('r')).toMatchObject({ measure: 'mIoU', meanIoU: 0.5, pixelAccuracy: 2 / 3, samples: 1 });
});

it('one sigmoid output a position has two classes', () => {
  const scores = new Scores({ kind: 'classMap', positions: 4, classes: 2, names: undefined });
  scores.add([[0.9, 0.2, 0.7, 0.1]], { ...batchOf([1, 0, 0, 0]), size: 1 });
  // Class 0: 2 of 3, class 1: 1 of 2.
  expect(scores.accuracy('r').meanIoU).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
});

it('average precision is that of scikit-learn', () => {
  // The example of its documentation, and a tie: precision 2/3 at recall 1.
  expect(averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBeCloseTo(0.8333333, 6);
  expect(averagePrecision([0.5, 0.5, 0.5], [1, 1, 0])).toBeCloseTo(2 / 3, 12);
  expect(averagePrecision([0.5, 0.1], [0, 0])).toBeUndefined();
});

it('mAP is the mean over the classes that occur', () => {
  const scores = new Scores({ kind: 'multiLabel', size: 2, names: undefined });
  scores.add([[0.1, 0, 0.4, 0]], { ...batchOf([], [0, 0, 0, 0]), size: 2 });
  scores.add([[0.35, 0, 0.8, 0]], { ...batchOf([], [1, 0, 1, 0]), size: 2 });
  expect(scores.accuracy('r')).toMatchObject({ measure: 'mAP', samples: 4 });
  expect(scores.accuracy('r').meanAveragePrecision).toBeCloseTo(0.8333333, 6);
});

it('mean absolute error and the variance explained, the mean over columns', () => {
  const scores = new Scores({ kind: 'regression', size: 2 });
  // Columns 3 -0.5 2 7 predicted as 2.5 0 2 8 (R² 0.9486 in scikit-learn's documentation), and a constant one.
  scores.add([[2.5, 1, 0, 1, 2, 1, 8, 1]], { ...batchOf([], [3, 1, -0.5, 1, 2, 1, 7, 1]), size: 4 });
  const { rSquared, meanAbsoluteError, meanSquaredError } = scores.accuracy('r');
  expect([rSquared, meanAbsoluteError, meanSquaredError].map((figure) => figure?.toFixed(4))).toEqual(['0.9743', '0.2500', '0.1875']);
});

it('agreement with the trained model: cosine, SQNR, and of several outputs the one that differs most', () => {
  const scores = new Scores({
    kind: 'outputs',
    outputs: [
      { name: 'same', output: 1, target: { kind: 'teacher', size: 1 } },
      { name: 'other', output: 0, target: { kind: 'teacher', size: 2 } },
    ],
  });
  // Numbers of an example: those of "same", then those of "other".
  scores.add([[1, 0], [5]], { ...batchOf([], [5, 1, 1]), size: 1 });
  const { outputs, ...shown } = scores.accuracy('r');
  expect(shown).toMatchObject({ measure: 'cosine', meanSquaredError: 0.5, samples: 1 });
  expect(shown.cosine).toBeCloseTo(Math.SQRT1_2, 12);
  // Signal 2, noise 1.
  expect(shown.sqnr).toBeCloseTo(10 * Math.log10(2), 12);
  expect(outputs?.map(({ name, cosine, sqnr }) => [name, cosine?.toFixed(4), sqnr?.toFixed(2)])).toEqual([
    ['same', '1.0000', undefined],
    ['other', '0.7071', '3.01'],
  ]);
});

it('lists the examples of a classifier that are not predicted as their class, over all batches', () => {
  const sums = new Scores({ kind: 'classes', classes: 2, names: undefined });
  sums.add([[1, 0, 0, 1]], batchOf([0, 0]));
  sums.add([[NaN, NaN, 1, 0, 1, 0]], batchOf([1, 0, 1]));
  expect(sums.mistakes).toEqual({
    samples: 5,
    mistakes: [
      [1, 0, 1],
      [2, 1, -1],
      [4, 1, 0],
    ],
  });
  expect(new Scores({ kind: 'regression', size: 2 }).mistakes).toBeUndefined();
});

it('figures that are no shares of examples have an interval from examples drawn again, the same each time', () => {
  // Errors of 0 and 1 in turn: the mean of n coins, whose deviation is 0.5 / sqrt(n).
  const target = { kind: 'regression', size: 1 } as const;
  const coins = (): readonly [number, number] => {
    const scores = new Scores(target);
    const samples = 400;
    scores.add([Array.from({ length: samples }, (_, i) => i % 2)], {
      size: samples,
      inputs: [],
      labels: new Int32Array(0),
      targets: new Float32Array(samples),
    });
    return scores.accuracy('r').intervals!.MAE!;
  };
  const [low, high] = coins();
  expect(Math.abs(low - (0.5 - 1.96 * 0.025))).toBeLessThan(0.01);
  expect(Math.abs(high - (0.5 + 1.96 * 0.025))).toBeLessThan(0.01);
  expect(coins()).toEqual([low, high]);
});

it('intervals hold mean IoU, mAP, R², cosine and SQNR, and a single example has none', () => {
  const figuresOf = (target: Target, outputs: readonly number[], batch: Partial<Batch>): Accuracy => {
    const scores = new Scores(target);
    scores.add([outputs], { size: outputs.length, inputs: [], labels: new Int32Array(0), targets: new Float32Array(0), ...batch });
    return scores.accuracy('r');
  };
  const outputs = Array.from({ length: 40 }, (_, i) => [0.9, 0.2, 0.4, 0.6][i % 4]! + i / 1000);
  const numbers = Float32Array.from(outputs, (_, i) => 1 - (i % 2));
  const found = [
    figuresOf({ kind: 'classMap', positions: 1, classes: 2, names: undefined }, outputs, { labels: Int32Array.from(numbers) }),
    figuresOf({ kind: 'multiLabel', size: 1, names: undefined }, outputs, { targets: numbers }),
    figuresOf({ kind: 'regression', size: 1 }, outputs, { targets: numbers }),
    figuresOf({ kind: 'teacher', size: 1 }, outputs, { targets: numbers }),
  ];
  for (const accuracy of found) {
    const measure = accuracy.measure!;
    const [low, high] = accuracy.intervals![measure]!;
    const value = qualityTable[measure].value(accuracy)!;
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  }
  expect(found.flatMap(({ intervals }) => Object.keys(intervals!))).toEqual(
    expect.arrayContaining(['mIoU', 'mAP', 'MSE', 'MAE', 'R2', 'cosine', 'SQNR']),
  );
  expect(figuresOf({ kind: 'teacher', size: 1 }, [1], { targets: Float32Array.of(2) }).intervals).toEqual({});
});

it('the standard error of an error rate, and of no other error', () => {
  const accuracy: Accuracy = { top1: 0.98, top5: undefined, meanSquaredError: undefined, measure: 'accuracy', samples: 400, runtime: 'r' };
  expect(standardErrorOf(accuracy)).toBeCloseTo(0.007, 6);
  expect(standardErrorOf({ ...accuracy, meanSquaredError: 0.2, measure: 'MSE' })).toBe(0);
});
