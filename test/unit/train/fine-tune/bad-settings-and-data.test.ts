import { describe, expect, it } from 'vitest';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { halves, memoryDataSet, smallNetwork } from '../training-fixtures.ts';
import { tune } from './tune.ts';

describe('bad settings and data, before the first step', () => {
  const cases: readonly (readonly [string, Partial<FineTuning>, string])[] = [
    ['rate 0', { learningRate: { kind: 'constant', rate: 0 } }, '"learningRate" is 0; it must be a number above 0'],
    ['rate NaN', { learningRate: { kind: 'constant', rate: Number.NaN } }, '"learningRate" is NaN'],
    ['negative rate', { learningRate: { kind: 'cosine', rate: -1, finalRate: 0 } }, '"learningRate" is -1'],
    ['momentum 1', { optimizer: { kind: 'sgd', momentum: 1, nesterov: false } }, '"momentum" is 1; it must lie between 0 and 1'],
    ['beta NaN', { optimizer: { kind: 'adam', beta1: Number.NaN, beta2: 0.9, epsilon: 1e-7 } }, '"beta1" is NaN'],
    ['negative decay', { optimizer: { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: -1 } }, '"weightDecay" is -1'],
    ['half a warm-up step', { learningRate: { kind: 'constant', rate: 1e-3, warmUpSteps: 0.5 } }, '"warmUpSteps" is 0.5'],
    ['half an epoch', { epochs: 0.5 }, '"epochs" is 0.5; it must be a whole number above 0'],
    ['no batch', { batchSize: 0 }, '"batchSize" is 0'],
    ['empty split', { train: halves(0) }, 'the training split is empty'],
    [
      'another shape',
      {
        train: memoryDataSet(
          [5, 5, 1],
          { kind: 'classes', classes: 2, names: undefined },
          new Float32Array(25),
          new Int32Array(1),
          new Float32Array(0),
        ),
      },
      'its examples are [5, 5, 1], the model takes [4, 4, 1]',
    ],
    [
      'too many classes',
      {
        train: memoryDataSet(
          [4, 4, 1],
          { kind: 'classes', classes: 7, names: undefined },
          new Float32Array(16),
          new Int32Array(1),
          new Float32Array(0),
        ),
      },
      'it has 7 classes, the model tells 2 apart',
    ],
    [
      'label out of range',
      {
        train: memoryDataSet(
          [4, 4, 1],
          { kind: 'classes', classes: 2, names: undefined },
          new Float32Array(16),
          Int32Array.of(4),
          new Float32Array(0),
        ),
      },
      'label 4 is outside 0 to 1',
    ],
    ['nothing to train', { frozen: new Set(smallNetwork().parameters.keys()) }, 'has nothing to train: all of its parameters are frozen'],
  ];
  it.each(cases)('%s', async (_, changed, message) => {
    await expect(tune(changed)).rejects.toThrow(message);
  });
});
