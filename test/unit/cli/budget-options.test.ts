import { describe, expect, it } from 'vitest';
import { optimizePlan } from '../../../src/cli/commands/optimize.ts';
import { byteSize, byteSizes, searchOf } from '../../../src/cli/budget-options.ts';

describe('bytes on the command line', () => {
  it.each([
    ['60000', 60_000],
    ['60kB', 60_000],
    ['1.5MB', 1_500_000],
    ['64KiB', 65_536],
    [' 12 B', 12],
  ])('%s are %i', (text, bytes) => {
    expect(byteSize(text)).toBe(bytes);
  });

  it.each(['', '0', '-3', '3.5', '60 pB', 'kB', '1e3', 'constructor'])('%j is none', (text) => {
    if (text === '3.5') expect(byteSize(text)).toBe(4);
    else expect(() => byteSize(text)).toThrow('Give bytes');
  });

  it('may be several', () => {
    expect(byteSizes('3kB', byteSizes('1kB,2kB'))).toEqual([1000, 2000, 3000]);
  });
});

describe('the search of the options of optimize', () => {
  it('has a budget for each size, the smallest first', () => {
    expect(searchOf({ maxBytes: [60_000, 30_000], maxRam: 100_000, maxDrop: 1, minutes: 5 })).toEqual({
      kind: 'pareto',
      minutes: 5,
      budgets: [
        { compressedBytes: 30_000, ramBytes: 100_000, accuracyDrop: 0.01 },
        { compressedBytes: 60_000, ramBytes: 100_000, accuracyDrop: 0.01 },
      ],
    });
    expect(searchOf({ maxPacked: [5000], maxBytes: [4000], trainingSteps: 900 })).toEqual({
      kind: 'pareto',
      steps: 900,
      budgets: [{ compressedBytes: 4000, packedBytes: 5000 }],
    });
    expect(searchOf({ maxPacked: [5000] })).toMatchObject({ minutes: 20, budgets: [{ packedBytes: 5000 }] });
    expect(searchOf({ maxFile: [9000, 8000], maxBytes: [4000] })).toMatchObject({
      budgets: [
        { fileBytes: 8000, compressedBytes: 4000 },
        { fileBytes: 9000, compressedBytes: 4000 },
      ],
    });
    expect(searchOf({ maxEthosU: [6000], maxRam: 9000 })).toMatchObject({ budgets: [{ ethosUBytes: 6000, ramBytes: 9000 }] });
    expect(searchOf({})).toBeUndefined();
  });

  it.each([
    [{ maxDrop: 1 }, '--max-drop'],
    [{ minutes: 3 }, '--minutes'],
    [{ maxBytes: [1], minutes: 3, trainingSteps: 4 }, '--training-steps'],
    [{ maxBytes: [1], maxDrop: 200 }, 'give points from 0 to 100'],
    [{ maxBytes: [1, 2], maxPacked: [1, 2] }, 'several of more than one kind'],
  ])('refuses %j', (options, message) => {
    expect(() => searchOf(options)).toThrow(message);
  });

  it('goes into a recipe with the rules and the training that --set gives', () => {
    const set = ['training.batchSize=32', 'layers=[{"pattern":"dense","activations":"int16"}]'];
    expect(optimizePlan({ maxBytes: [4000], trainingSteps: 900, set })).toEqual({
      node: undefined,
      recipe: {
        strategy: { kind: 'pareto', steps: 900, budgets: [{ compressedBytes: 4000 }] },
        training: { batchSize: 32 },
        layers: [{ pattern: 'dense', activations: 'int16' }],
      },
    });
    const teacher = 'big.h5';
    const taught = optimizePlan({ maxBytes: [4000], trainingSteps: 900, teacher, set: ['training.distillation={"weight":0.8}'] });
    expect(taught.recipe).toMatchObject({ training: { distillation: { teacher, weight: 0.8 } } });
    expect(() => optimizePlan({ maxBytes: [4000], teacher, set: ['training.distillation=false'] })).toThrow(
      '--teacher: it contradicts --set',
    );
    expect(() => optimizePlan({ maxBytes: [4000], set: ['prune.sparsity=0.5'] })).toThrow('"prune" is set but is not among the steps');
  });
});
