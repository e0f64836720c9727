import { expect, it } from 'vitest';
import type { Batch } from '../../../src/core/data/dataset.ts';
import { accuracyOf, addScores, emptySums, rocAuc } from '../../../src/core/measure/score.ts';

it('top-1, top-5, confusion, ties to the first class', () => {
  const target = { kind: 'classes', classes: 6, names: undefined } as const;
  const sums = emptySums(target);
  const outputs = [0.1, 0.5, 0.1, 0.1, 0.1, 0.1, /* tie */ 3, 3, 0, 0, 0, -1];
  addScores(sums, outputs, { size: 2, inputs: [], labels: Int32Array.of(1, 5), targets: new Float32Array(0) }, target);
  const { confusion, ...figures } = accuracyOf(sums, target, 'r');
  expect(figures).toEqual({ top1: 0.5, top5: 0.5, samples: 2, runtime: 'r' });
  expect([confusion?.[1]?.[1], confusion?.[5]?.[0], confusion?.flat().reduce((sum, count) => sum + count)]).toEqual([1, 1, 2]);
});

it('mean squared error of regression', () => {
  const target = { kind: 'regression', size: 2 } as const;
  const sums = emptySums(target);
  addScores(sums, [1, 2, 3, 4], { size: 2, inputs: [], labels: new Int32Array(0), targets: Float32Array.of(1, 0, 0, 4) }, target);
  expect(accuracyOf(sums, target, 'r').meanSquaredError).toBe(13 / 4);
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
  const sums = emptySums(target);
  addScores(sums, [...Array.from({ length: 6 }, () => NaN), NaN, 1, 0, 0, 0, 0], batchOf([0, 1]), target);
  const { confusion, ...figures } = accuracyOf(sums, target, 'r');
  expect(figures).toMatchObject({ top1: 0.5, top5: 0.5, samples: 2 });
  expect(confusion?.flat().reduce((sum, count) => sum + count)).toBe(1);
  const two = { kind: 'classes', classes: 2, names: undefined } as const;
  const binary = emptySums(two);
  addScores(binary, [NaN, 0.1], batchOf([0, 0]), two);
  expect(accuracyOf(binary, two, 'r')).toMatchObject({ top1: 0.5, rocAuc: undefined });
});

it('says that labels are missing where the input would be the target', () => {
  const target = { kind: 'regression', size: 4, isInput: true } as const;
  const batch: Batch = { size: 1, inputs: [], labels: new Int32Array(0), targets: Float32Array.of(1, 2, 3, 4) };
  expect(() => addScores(emptySums(target), [1, 2], batch, target)).toThrow(
    /without labels the model should give back its input of 4 values, but it has 2 outputs/,
  );
});

it('two classes have a ROC AUC, by one output or by two', () => {
  const target = { kind: 'classes', classes: 2, names: undefined } as const;
  const probabilities = [0.1, 0.4, 0.35, 0.8];
  const two = emptySums(target);
  addScores(
    two,
    probabilities.flatMap((p) => [1 - p, p]),
    batchOf([0, 0, 1, 1]),
    target,
  );
  const one = emptySums(target);
  addScores(one, probabilities, batchOf([0, 0, 1, 1]), target);
  for (const sums of [one, two]) {
    expect(accuracyOf(sums, target, 'r')).toMatchObject({
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
  const sums = emptySums(target);
  // Errors 0, 4 and 1 (means over two values); the second and third are anomalies of different kinds.
  addScores(sums, [1, 1, 3, 1, 1, 1], batchOf([0, 2, 1], [1, 1, 1, 3, 0, 0]), target);
  expect(accuracyOf(sums, target, 'r')).toMatchObject({ rocAuc: 1, meanSquaredError: 10 / 6 });
});

it('a matrix of more classes than anybody reads is left out', () => {
  const target = { kind: 'classes', classes: 101, names: undefined } as const;
  const sums = emptySums(target);
  addScores(
    sums,
    Float32Array.from({ length: 101 }, (_, label) => Number(label === 7)),
    batchOf([7]),
    target,
  );
  expect(accuracyOf(sums, target, 'r')).toMatchObject({ top1: 1, confusion: undefined });
});
