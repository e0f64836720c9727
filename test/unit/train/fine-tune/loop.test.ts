import { describe, expect, it } from 'vitest';
import type { Network } from '../../../../src/core/network/network.ts';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { compileInference } from '../../../../src/core/lowering/inference.ts';
import { halves, line } from '../training-fixtures.ts';
import { engine, tune } from './tune.ts';

describe('the loop', () => {
  it('stops within one step of the signal and lets other work through', async () => {
    const cancel = new AbortController();
    let steps = 0;
    const tuning = tune({
      signal: cancel.signal,
      epochs: 1000,
      onProgress: ({ step }) => {
        steps = step;
      },
    });
    setTimeout(() => {
      cancel.abort();
    }, 30);
    await expect(tuning).rejects.toMatchObject({ code: 'cancelled' });
    expect(steps).toBeLessThan(4000);
  });

  it('reports the last step, and not every step', async () => {
    const told: number[] = [];
    await tune({ epochs: 20, onProgress: ({ step }) => told.push(step) });
    expect(told[0]).toBe(1);
    expect(told.at(-1)).toBe(80);
    expect(told.length).toBeLessThan(80);
  });

  it('says what to lower when the loss explodes', async () => {
    await expect(tune({ ...line([1]), learningRate: { kind: 'constant', rate: 100 }, steps: 100 })).rejects.toMatchObject({
      code: 'diverged',
      message: expect.stringContaining('lower "learningRate"'),
    });
  });

  it('takes the best epoch on the validation split, and stops when there is no better one', async () => {
    const validation = halves(40, 21);
    const wild: Partial<FineTuning> = { validation, learningRate: { kind: 'constant', rate: 0.3 }, epochs: 12 };
    const score = async (network: Network): Promise<number> => {
      const batch = await validation.read(Uint32Array.from({ length: 40 }, (_, i) => i));
      const inference = await compileInference(engine, network, 40);
      const [outputs] = await inference.run(batch.inputs, 40);
      return batch.labels.filter((label, i) => (outputs![2 * i]! >= outputs![2 * i + 1]! ? 0 : 1) === label).length;
    };
    const epochScores = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => score((await tune({ ...wild, epochs: i + 1 })).network)),
    );
    expect(await score((await tune({ ...wild, restoreBest: true })).network)).toBe(Math.max(...epochScores));
    const stopped = await tune({ ...wild, earlyStopping: { patience: 2, minimumDelta: 1 } });
    expect(stopped.steps).toBe(3 * 4);
  });
});
