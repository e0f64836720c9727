import { describe, expect, it, vi } from 'vitest';
import type { Constraints } from '../../../../src/core/constraints/constraint.ts';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { seededParameter, settings } from '../training-fixtures.ts';
import { largestLayer } from '../../../../src/core/train/largest-layer.ts';
import { trainedParameters } from '../../../../src/core/train/trained-parameters.ts';
import { buildGradientProgram, buildTrainingProgram } from '../../../../src/core/train/training-program.ts';
import { fineTune } from '../../../../src/core/train/fine-tune.ts';
import type { Engine } from '../../../../src/core/engine/engine.ts';
import { predictMemory } from '../../../../src/core/program/predict-memory.ts';
import { dataOf, engine, tune, weights } from './tune.ts';

vi.mock(import('../../../../src/core/train/training-program.ts'), { spy: true });

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
    vi.clearAllMocks();
    const whole = await tune(changed);
    const built = vi.mocked(buildTrainingProgram).mock.results[0];
    const needed = built?.type === 'return' ? predictMemory(built.value.program, engine.threads) : NaN;
    // Exactly at the bound: the whole step still fits with what it is predicted to take, and no longer with a byte less.
    expect(weights(await tune({ ...changed, memoryBytes: needed }))).toEqual(weights(whole));
    expect(buildGradientProgram).not.toHaveBeenCalled();
    const parts = await tune({ ...changed, memoryBytes: needed - 1 });
    expect(vi.mocked(buildGradientProgram).mock.calls[0]?.[1]).toBe(10);
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
    const [roomy, tight] = [await compiled(1e9), await compiled(15e6)];
    expect(tight.weights).toEqual(roomy.weights);
    expect(roomy.released).toBe(roomy.programs);
    expect(tight.released).toBe(tight.programs);
    // A full and a last batch in each of three epochs, each compiled anew, instead of once.
    expect(tight.programs - roomy.programs).toBe(4);
  });

  it('builds each program once: what was built to see whether it fits is the one that runs', async () => {
    vi.clearAllMocks();
    await tune({ batchSize: 20, epochs: 2, memoryBytes: 1e9 });
    // Of 50 examples the full batches and the last one.
    expect(vi.mocked(buildTrainingProgram).mock.calls.map(([, size]) => size)).toEqual([20, 10]);
    expect(buildGradientProgram).not.toHaveBeenCalled();
  });

  it('refuses what does not fit at all, and says how much it takes', async () => {
    await expect(tune({ memoryBytes: 1000 })).rejects.toMatchObject({
      code: 'out-of-memory',
      // It has 98 weights, the convolution 30 and 48 values.
      message: expect.stringMatching(
        /^layer "dense": a training step of a single example takes about \d+ MB, and 1 MB are free; .* for 98 weights with .*freeze the layer/,
      ),
    });
  });

  it('says which layer takes the memory, and for what', () => {
    const b = new NetworkBuilder('wide');
    let x = b.conv2d('conv', b.input([8, 8, 1]), { kernel: seededParameter([4, 1, 1, 1], 1) });
    x = b.dense('dense', b.flatten('flatten', x), { kernel: seededParameter([1, 256], 2) });
    const network = b.build([x]);
    const of = (optimizer: FineTuning['optimizer'], frozen: readonly string[] = []) =>
      largestLayer({ network, parameters: trainedParameters(network, 'training', new Set(frozen)), optimizer });
    // 256 weights: each with its gradient and twice moved, and with two moments, as inputs and twice moved; one value and its gradient.
    expect(of({ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 })).toEqual({
      layer: 'dense',
      bytes: 4 * (256 * (4 + 2 * 3) + 2),
      holds: 'weights',
      weights: 256,
      values: 1,
    });
    // 256 values with their gradients and 4 weights, where the others do not learn.
    expect(of({ kind: 'sgd', momentum: 0, nesterov: false }, ['dense/kernel'])).toEqual({
      layer: 'conv',
      bytes: 4 * (2 * 256 + 4 * 4),
      holds: 'values',
      weights: 4,
      values: 256,
    });
  });
});
