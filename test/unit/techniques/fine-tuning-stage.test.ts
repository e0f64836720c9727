import { beforeAll, describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import type { TrainingOptions } from '../../../src/shared/recipe/training-options.ts';
import { halves } from '../train/training-fixtures.ts';
import { apply } from '../../support/apply-technique.ts';
import { kernelData, techniqueContext, trainedModel } from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

async function trained(options: TrainingOptions): Promise<readonly number[]> {
  const context = techniqueContext(engine);
  const data = { ...context.data, validation: halves(24, 9) };
  const { network } = await apply('fine-tuning', trainedModel(), { ...context, data }, { epochs: 5, batchSize: 16, ...options });
  return Array.from(kernelData(network, 'dense/kernel'));
}

describe('batch-norm statistics at the end of a stage', () => {
  it('are those of examples augmented as in training', async () => {
    const context = techniqueContext(engine);
    const epochs: (number | undefined)[] = [];
    const train: DataSet = {
      ...context.data.train,
      read: (indices, epoch) => {
        epochs.push(epoch);
        return context.data.train.read(indices, epoch);
      },
    };
    await apply(
      'fine-tuning',
      trainedModel(),
      { ...context, data: { ...context.data, train } },
      { steps: 1, batchSize: 16, batchNorm: 'training' },
    );
    expect(epochs.length).toBeGreaterThan(1);
    expect(epochs).not.toContain(undefined);
  });
});

describe('the epoch that a stage keeps', () => {
  it('is the best on the validation split under a constant rate, which leaves the last one where noise has put it', async () => {
    const constant = { learningRate: 0.3, learningRateSchedule: 'constant' } as const;
    const best = await trained({ ...constant, restoreBest: true });
    expect(await trained(constant)).toEqual(best);
    expect(await trained({ ...constant, restoreBest: false })).not.toEqual(best);
  });

  it('is the last one under a cosine, whose small steps at the end have settled it', async () => {
    // At this rate another epoch than the last one validates best, so that the two differ.
    const learningRate = 0.1;
    const kept = await trained({ learningRate });
    expect(kept).toEqual(await trained({ learningRate, restoreBest: false }));
    expect(kept).not.toEqual(await trained({ learningRate, restoreBest: true }));
  });
});
