/** The test that finds a learning rate: its rule by hand, and a training that is as if there had been none. */
import { describe, expect, it } from 'vitest';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { chooseRate } from '../../../../src/core/train/range-test.ts';
import { decodeTrainingState, encodeTrainingState } from '../../../../src/core/train/training-state.ts';
import { halves } from '../training-fixtures.ts';
import { tune, weights } from './tune.ts';

/** Steps of a pass, and the factor between the rates of two. */
const [steps, factor] = [48, 1e4 ** (1 / 47)];
const rate = (step: number): number => 1e-5 * factor ** (step - 1);

describe('the rate that is chosen', () => {
  it('is a tenth of that after which the mean over five steps is lowest', () => {
    // A valley of straight sides about the loss before step 31, which the rate of step 30 acts on.
    const changes = Array.from({ length: steps }, (_, index) => Math.abs(index - 30) - 30);
    const { learningRate, curve } = chooseRate(changes);
    expect(learningRate).toBeCloseTo(rate(30) / 10, 8);
    expect(curve).toHaveLength(steps - 1);
    expect(curve[29]).toEqual({ rate: expect.closeTo(rate(30), 8), change: -30 + (2 + 1 + 0 + 1 + 2) / 5 });
    // The first point has one step less before it: (0 - 1 - 2 - 3) / 4.
    expect(curve[0]).toEqual({ rate: 1e-5, change: -1.5 });
  });

  it('does not follow a single batch', () => {
    const changes = Array.from({ length: steps }, (_, index) => (index === 12 ? -40 : Math.abs(index - 30) - 30));
    expect(chooseRate(changes).learningRate).toBeCloseTo(rate(30) / 10, 8);
  });

  it('is the lowest one where the loss only rises, or the test ends at once', () => {
    expect(chooseRate(Array.from({ length: steps }, (_, index) => index)).learningRate).toBe(1e-5);
    expect(chooseRate([0]).learningRate).toBe(1e-5);
    expect(chooseRate([])).toEqual({ learningRate: 1e-5, curve: [] });
  });
});

describe('a training whose rate was tested', () => {
  const tested: Partial<FineTuning> = {
    learningRate: { kind: 'cosine', rate: 0.01, finalRate: 0.0001 },
    rangeTest: { onProgress: () => undefined },
    validation: halves(30, 8),
  };

  it('is the training with that rate, from the same start', async () => {
    const fractions: number[] = [];
    const found = await tune({ ...tested, rangeTest: { onProgress: (fraction) => fractions.push(fraction) } });
    const learningRate = found.rangeTest?.learningRate ?? NaN;
    // The network is untrained: it learns by rates that are clear of the lowest.
    expect(learningRate).toBeGreaterThan(1e-4);
    expect(found.rangeTest?.steps).toBe(fractions.length);
    const given = await tune({
      ...tested,
      learningRate: { kind: 'cosine', rate: learningRate, finalRate: learningRate / 100 },
      rangeTest: undefined,
    });
    expect(weights(found)).toEqual(weights(given));
    expect(found.curve).toEqual(given.curve);
    expect(given.rangeTest).toBeUndefined();
    expect((await tune(tested)).rangeTest).toEqual(found.rangeTest);
  });

  it('resumes to the same bits without another test', async () => {
    const saved: Uint8Array[] = [];
    const save = (state: Parameters<typeof encodeTrainingState>[0]): Promise<void> =>
      Promise.resolve(void saved.push(encodeTrainingState(state)));
    const whole = await tune({ ...tested, checkpoint: { everySteps: 4, save } });
    const resumeFrom = decodeTrainingState(saved[0]!);
    const resumed = await tune({
      ...tested,
      rangeTest: { onProgress: () => expect.unreachable() },
      checkpoint: { everySteps: 1000, save: () => Promise.resolve(), resumeFrom },
    });
    expect(weights(resumed)).toEqual(weights(whole));
    expect(resumed.rangeTest).toEqual(whole.rangeTest);
    const untested = { ...resumeFrom, rangeTest: undefined };
    await expect(
      tune({ ...tested, checkpoint: { everySteps: 1000, save: () => Promise.resolve(), resumeFrom: untested } }),
    ).rejects.toThrow('the checkpoint has no learning rate that was tested');
  });

  it('has put masks, moments, statistics and ranges back before its first step', async () => {
    const mask = Uint8Array.from({ length: 96 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const constraints: FineTuning['constraints'] = new Map([['dense/kernel', [{ kind: 'sparsity', mask }]]]);
    const found = await tune({ ...tested, constraints, steps: 1 });
    const schedule = { kind: 'constant', rate: found.rangeTest?.learningRate ?? NaN } as const;
    expect(weights(found)).toEqual(weights(await tune({ constraints, steps: 1, learningRate: schedule, validation: halves(30, 8) })));
  });

  it('is cancelled within a step', async () => {
    const controller = new AbortController();
    const rangeTest = { onProgress: () => controller.abort() };
    await expect(tune({ ...tested, rangeTest, signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
