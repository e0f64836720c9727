/** Moving averages of the weights, followed by hand and through constraints. */
import { expect, it } from 'vitest';
import type { Constraints } from '../../../../src/core/constraints/constraint.ts';
import { projectWeights } from '../../../../src/core/constraints/composition.ts';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import type { TrainingState } from '../../../../src/core/train/training-state.ts';
import { halves, line } from '../training-fixtures.ts';
import { dataOf, tune, weights } from './tune.ts';

/** w = 1 towards 0 at a rate of 0.1: each step leaves 0.8 of it. */
const walk = (averaging: FineTuning['averaging'], steps: number): Promise<number> =>
  tune({ ...line([1]), steps, averaging }).then((tuned) => dataOf(tuned, 'dense/kernel')[0] ?? NaN);

it('begin with the weights of their first step and move by the decay', async () => {
  // Weights after steps 1 to 4: 0.8, 0.64, 0.512, 0.4096.
  expect(await walk(undefined, 4)).toBeCloseTo(0.4096, 6);
  // 0.64; 0.75 * 0.64 + 0.25 * 0.512 = 0.608; 0.75 * 0.608 + 0.25 * 0.4096 = 0.5584.
  expect(await walk({ decay: 0.75, fromStep: 2 }, 4)).toBeCloseTo(0.5584, 6);
  expect(await walk({ decay: 0.75, fromStep: 4 }, 4)).toBeCloseTo(0.4096, 6);
});

it('change no step of the training', async () => {
  const states: (readonly TrainingState[])[] = [];
  for (const averaging of [undefined, { decay: 0.9, fromStep: 2 }]) {
    const saved: TrainingState[] = [];
    await tune({ averaging, checkpoint: { everySteps: 1, save: (state) => Promise.resolve(void saved.push(state)) } });
    states.push(saved);
  }
  const [plain = [], averaged = []] = states;
  expect(averaged.map(({ tensors }) => tensors.get('weights'))).toEqual(plain.map(({ tensors }) => tensors.get('weights')));
  expect(averaged.at(-1)?.tensors.get('average/statistics')).toBeDefined();
});

it('leave masks, codebooks and grids in force: the latent weights are averaged, then projected', async () => {
  const mask = Uint8Array.from({ length: 96 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const constraints = new Map<string, Constraints>([
    [
      'dense/kernel',
      [
        { kind: 'sparsity', mask },
        { kind: 'codebook', granularity: { kind: 'tensor' }, centroids: Float32Array.of(-0.4, 0, 0.4), clusters: 3, zeroPinned: true },
        { kind: 'integerGrid', granularity: { kind: 'tensor' }, scales: Float32Array.of(0.01) },
      ],
    ],
  ]);
  const tuned = await tune({ constraints, averaging: { decay: 0.9, fromStep: 4 } });
  const kernel = dataOf(tuned, 'dense/kernel');
  const final = tuned.constraints.get('dense/kernel') ?? [];
  expect(projectWeights(kernel, [2, 48], final)).toEqual(kernel);
  expect(new Set(kernel).size).toBeLessThanOrEqual(3);
  kernel.forEach((weight, i) => mask[i] === 0 && expect(weight).toBe(0));
  expect(weights(tuned)).not.toEqual(weights(await tune({ constraints })));
});

it('begin where masks have come to rest', async () => {
  const saved: TrainingState[] = [];
  await tune({
    ...line([1, 2]),
    steps: 5,
    averaging: { decay: 0.5, fromStep: 1 },
    constraints: new Map([['dense/kernel', [{ kind: 'sparsity', mask: Uint8Array.of(1, 1) }]]]),
    maskSchedule: { due: (step) => step === 3, masks: () => new Map([['dense/kernel', Uint8Array.of(0, 1)]]) },
    checkpoint: { everySteps: 1, save: (state) => Promise.resolve(void saved.push(state)) },
  });
  expect(saved.map(({ tensors }) => tensors.has('average/weights'))).toEqual([false, false, true, true]);
});

it('are what validation judges, and what it takes where the best epoch is kept', async () => {
  const changed: Partial<FineTuning> = { validation: halves(40, 9), restoreBest: true, epochs: 6, averaging: { decay: 0.9, fromStep: 1 } };
  const saved: TrainingState[] = [];
  const tuned = await tune({ ...changed, checkpoint: { everySteps: 1, save: (state) => Promise.resolve(void saved.push(state)) } });
  const best = saved.at(-1)?.best;
  const then = saved.find(({ step }) => step === best?.step);
  expect(best?.tensors.get('weights')).toEqual(then?.tensors.get('average/weights'));
  expect(tuned.network.parameters.get('dense/bias')?.data).toBeDefined();
});

it.each([
  [{ decay: 1, fromStep: 1 }, 'the decay of the averaging is 1; it must lie between 0 and 1, both excluded'],
  [{ decay: 0.9, fromStep: 0 }, '"averaging.fromStep" is 0; it must be a whole number above 0'],
])('are refused with %j', async (averaging, message) => {
  await expect(tune({ averaging })).rejects.toThrow(message);
});
