import { describe, expect, it } from 'vitest';
import type { Constraints } from '../../../../src/core/constraints/constraint.ts';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { seededParameter, settings } from '../training-fixtures.ts';
import { fineTune } from '../../../../src/core/train/fine-tune.ts';
import type { Engine } from '../../../../src/core/engine/engine.ts';
import { dataOf, engine, tune, weights } from './tune.ts';

describe('memory', () => {
  it('trains a batch that does not fit in parts, to the same weights but for rounding', async () => {
    const b = new NetworkBuilder('wide');
    const network = b.build([
      b.dense(
        'dense',
        b.flatten('flatten', b.conv2d('conv', b.input([4, 4, 1]), { kernel: seededParameter([8, 3, 3, 1], 1), activation: 'relu' })),
        { kernel: seededParameter([2, 32], 2) },
      ),
    ]);
    const mask: Constraints = [{ kind: 'sparsity', mask: Uint8Array.from({ length: 64 }, (_, i) => i % 2) }];
    const changed: Partial<FineTuning> = {
      network,
      constraints: new Map([['dense/kernel', mask]]),
      optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false },
      gradientClipNorm: 1,
      batchSize: 20,
    };
    const [whole, parts] = [await tune(changed), await tune({ ...changed, memoryBytes: 148_418_000 })];
    dataOf(parts, 'dense/kernel').forEach((weight, i) => expect(weight).toBeCloseTo(dataOf(whole, 'dense/kernel')[i]!, 5));
    expect(weights(parts)).not.toEqual(weights(whole));
    expect(parts.steps).toBe(whole.steps);
  });

  it('keeps the programs of full and last batches together only where both fit, to the same weights', async () => {
    const compiled = async (memoryBytes: number): Promise<{ weights: unknown; programs: number; released: number }> => {
      let [programs, released] = [0, 0];
      const counting: Engine = {
        ...engine,
        compile: async (program) => {
          const { run, dispose } = await engine.compile(program);
          programs++;
          return { run, dispose: () => (released++, dispose()) };
        },
      };
      const tuned = await fineTune(settings(counting, { batchSize: 20, epochs: 3, memoryBytes }));
      return { weights: weights(tuned), programs, released };
    };
    const [roomy, tight] = [await compiled(1e9), await compiled(180e6)];
    expect(tight.weights).toEqual(roomy.weights);
    expect(roomy.released).toBe(roomy.programs);
    expect(tight.released).toBe(tight.programs);
    // A full and a last batch in each of three epochs, each compiled anew, instead of once.
    expect(tight.programs - roomy.programs).toBe(4);
  });

  it('refuses what does not fit at all, and says how much it takes', async () => {
    await expect(tune({ memoryBytes: 1000 })).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(/a single example takes about \d+ MB, and 1 MB are free/),
    });
  });
});
