import { describe, expect, it } from 'vitest';
import type { Constraints } from '../../../../src/core/constraints/constraint.ts';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { decodeTrainingState, encodeTrainingState, type TrainingState } from '../../../../src/core/train/training-state.ts';
import { halves } from '../training-fixtures.ts';
import { tune, weights } from './tune.ts';

describe('checkpoints', () => {
  it.each([
    ['', undefined],
    [', with averages of the weights from step 5 on', { decay: 0.8, fromStep: 5 }],
  ])('resumes at any step to the same bits%s', async (_, averaging) => {
    const saved: Uint8Array[] = [];
    const codebook: Constraints = [
      { kind: 'codebook', granularity: { kind: 'tensor' }, centroids: Float32Array.of(-0.4, 0.1, 0.5), clusters: 3, zeroPinned: false },
    ];
    const changed: Partial<FineTuning> = {
      constraints: new Map([['dense/kernel', codebook]]),
      validation: halves(30, 8),
      restoreBest: true,
      averaging,
    };
    const whole = await tune({
      ...changed,
      checkpoint: {
        everySteps: 3,
        save: (state) => {
          saved.push(encodeTrainingState(state));
          return Promise.resolve();
        },
      },
    });
    expect(saved).toHaveLength(3);
    for (const bytes of saved) {
      const resumed = await tune({
        ...changed,
        checkpoint: { everySteps: 1000, save: () => Promise.resolve(), resumeFrom: decodeTrainingState(bytes) },
      });
      expect(weights(resumed)).toEqual(weights(whole));
      expect(resumed.curve).toEqual(whole.curve);
    }
  });

  it('are also saved when a time has passed, and never after the last step', async () => {
    const steps: number[] = [];
    const save = (state: TrainingState): Promise<void> => {
      steps.push(state.step);
      return Promise.resolve();
    };
    const { steps: total } = await tune({ checkpoint: { everySteps: 1000, everySeconds: 0, save } });
    expect(steps).toEqual(Array.from({ length: total - 1 }, (_, index) => index + 1));
  });

  it('refuses damaged checkpoints and those of other models', async () => {
    const state: TrainingState = {
      step: 1,
      tensors: new Map([['weights', Float32Array.of(1, 2)]]),
      best: undefined,
      curve: [],
      pending: { loss: 0, correct: 0, examples: 0 },
      seconds: 0,
    };
    const bytes = encodeTrainingState(state);
    expect(decodeTrainingState(bytes)).toEqual(state);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeTrainingState(bytes.subarray(0, length))).toThrow('checkpoint');
    // The same length, and JSON as before, but an object in place of a list.
    const header = new TextDecoder('latin1').decode(bytes);
    const retyped = Uint8Array.from(header.replace('"curve":[]', '"curve":{}'), (character) => character.charCodeAt(0));
    expect(() => decodeTrainingState(retyped)).toThrow('damaged header');
    await expect(tune({ checkpoint: { everySteps: 1, save: () => Promise.resolve(), resumeFrom: state } })).rejects.toThrow(
      'it is of another model or other settings; delete it',
    );
  });
});
