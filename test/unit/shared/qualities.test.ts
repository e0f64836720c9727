import { describe, expect, it } from 'vitest';
import { describeFigures, formatLoss, formatQuality, qualityLoss, qualityOfAccuracy, worstQuality } from '../../../src/shared/qualities.ts';
import type { Accuracy, OutputQuality } from '../../../src/shared/results.ts';
import { checkTargets, describeVerdict } from '../../../src/shared/targets.ts';
import { recommendFile } from '../../../src/shared/recommendation.ts';
import type { NodeMetrics } from '../../../src/shared/results.ts';

const none = { top1: undefined, top5: undefined, meanSquaredError: undefined };
const accuracy = (figures: Partial<Accuracy>): Accuracy => ({ ...none, samples: 100, runtime: 'test', ...figures });

const metrics = (deployed: Accuracy, gzip = 1000): NodeMetrics => ({
  simulated: deployed,
  deployed,
  sizes: { raw: 2 * gzip, gzip, zip: gzip },
  latency: undefined,
  weights: [],
  certificate: undefined,
  trainingSeconds: undefined,
  curve: [],
});

describe('what a file has lost', () => {
  it('is the difference of shares, whichever measure the task has', () => {
    const [before, after] = [0.9, 0.88].map((meanIoU) => accuracy({ measure: 'mIoU', meanIoU }));
    expect(qualityLoss(before, after)).toBeCloseTo(0.02, 12);
    expect(formatLoss('mIoU', 0.02)).toBe('2.00 points');
  });

  it('is the increase of an error as a part of it', () => {
    const [before, after] = [2, 2.1].map((meanSquaredError) => accuracy({ measure: 'MSE', meanSquaredError }));
    expect(qualityLoss(before, after)).toBeCloseTo(0.05, 12);
    expect(formatLoss('MSE', 0.05)).toBe('5.00%');
    expect(worstQuality('MSE', 2, 0.05)).toBeCloseTo(2.1, 12);
  });

  it('is what is missing to the trained model: of a cosine to 1, of 40 dB a hundredth', () => {
    const trained = accuracy({ measure: 'cosine', cosine: 1 });
    expect(qualityLoss(trained, accuracy({ measure: 'cosine', cosine: 0.97 }))).toBeCloseTo(0.03, 12);
    expect(qualityLoss(trained, accuracy({ measure: 'SQNR', cosine: 0.9999, sqnr: 40 }))).toBeCloseTo(0.01, 12);
    // No difference has no SQNR.
    expect(qualityLoss(trained, accuracy({ measure: 'SQNR', cosine: 1 }))).toBe(0);
    expect(worstQuality('SQNR', undefined, 0.01)).toBeCloseTo(40, 9);
  });

  it('is of several outputs the largest, and unknown where one is', () => {
    const output = (name: string, top1: number | undefined): OutputQuality => ({ name, measure: 'accuracy', ...none, top1 });
    const before = accuracy({ top1: 0.9, measure: 'accuracy', outputs: [output('a', 0.9), output('b', 0.8)] });
    const after = (b: number | undefined): Accuracy =>
      accuracy({ top1: 0.9, measure: 'accuracy', outputs: [output('b', b), output('a', 0.89)] });
    expect(qualityLoss(before, after(0.77))).toBeCloseTo(0.03, 12);
    expect(qualityLoss(before, after(undefined))).toBeUndefined();
  });

  it('of runs that name no measure is of top-1, or without it of the mean squared error', () => {
    expect(qualityOfAccuracy(accuracy({ top1: 0.5 }))).toBe('accuracy');
    expect(qualityOfAccuracy(accuracy({ meanSquaredError: 1 }))).toBe('MSE');
  });
});

describe('targets and recommendation of a task whose measure is an error', () => {
  const file = (meanSquaredError: number, gzip: number): NodeMetrics => metrics(accuracy({ measure: 'MSE', meanSquaredError }), gzip);

  it('are met by errors that hardly grow', () => {
    const [verdict] = checkTargets({ accuracyDrop: 0.1 }, file(1, 9000), file(1.05, 1000));
    expect(verdict).toMatchObject({ met: true, quality: 'MSE' });
    expect(verdict && describeVerdict(verdict)).toBe('increase of the mean squared error 5.00% within 10.00%');
  });

  it('prefer the smaller error where sizes tie, and the smallest error where all are too large', () => {
    const candidates = [
      { id: 'worse', metrics: file(1.008, 1000) },
      { id: 'better', metrics: file(1.001, 1010) },
    ];
    expect(recommendFile(candidates, file(1, 9000), undefined)?.id).toBe('better');
    const far = [
      { id: 'small', metrics: file(3, 1000) },
      { id: 'near', metrics: file(2, 5000) },
    ];
    expect(recommendFile(far, file(1, 9000), undefined)).toMatchObject({ id: 'near', reason: 'accurate' });
  });
});

it('figures are written in their units', () => {
  expect(formatQuality('cosine', 0.99998)).toBe('0.99998');
  expect(formatQuality('cosine', 1)).toBe('1');
  expect(formatQuality('SQNR', 38.25)).toBe('38.3 dB');
  expect(describeFigures({ ...none, top1: 0.9812, meanSquaredError: 0.123456 })).toEqual(['top-1 98.12%', 'mean squared error 0.1235']);
});
