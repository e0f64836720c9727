import { describe, expect, it } from 'vitest';
import type { Constraints } from '../../../src/core/constraints/constraint.ts';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { fineTune } from '../../../src/core/train/fine-tune.ts';
import type { FineTuned, FineTuning } from '../../../src/core/train/fine-tuning.ts';
import { compileInference } from '../../../src/core/train/inference.ts';
import { decodeTrainingState, encodeTrainingState, type TrainingState } from '../../../src/core/train/training-state.ts';
import { adam, filled, halves, line, memoryDataSet, seededParameter, settings, smallNetwork } from './training-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
const tune = (changed: Partial<FineTuning> = {}): Promise<FineTuned> => fineTune(settings(engine, changed));
const weights = ({ network }: { network: Network }): [string, number[]][] =>
  [...network.parameters].map(([id, { data }]) => [id, [...data]]);
const dataOf = ({ network }: { network: Network }, id: string): Float32Array => network.parameters.get(id)!.data;

async function accuracy(network: Network): Promise<number> {
  const data = halves(200, 99);
  const batch = await data.read(Uint32Array.from({ length: 200 }, (_, i) => i));
  const inference = await compileInference(engine, network, 200);
  const [outputs] = await inference.run(batch.inputs, 200);
  await inference.dispose();
  return batch.labels.filter((label, i) => (outputs![2 * i]! > outputs![2 * i + 1]! ? 0 : 1) === label).length / 200;
}

describe('learning', () => {
  it('learns a rule that holds for examples it has not seen', async () => {
    const tuned = await tune({ train: halves(400), epochs: 12 });
    expect(await accuracy(tuned.network)).toBeGreaterThan(0.88);
    expect(tuned.curve.at(-1)!.loss).toBeLessThan(tuned.curve[0]!.loss / 2);
    expect(tuned.steps).toBe(12 * 25);
  });

  it('gives the same bits for the same seed, others for another', async () => {
    const [first, second, other] = [await tune(), await tune(), await tune({ seed: 6 })];
    expect(weights(first)).toEqual(weights(second));
    expect(weights(first)).not.toEqual(weights(other));
  });

  it('takes the steps that its optimizers prescribe', async () => {
    // Loss w^2 at x = 1, so the gradient is 2 w; rate 0.1.
    const after = async (kernel: number, optimizer: FineTuning['optimizer'], steps: number): Promise<number> =>
      dataOf(await tune({ ...line([kernel], optimizer), steps }), 'dense/kernel')[0]!;
    expect(await after(1, { kind: 'sgd', momentum: 0, nesterov: false }, 2)).toBeCloseTo(0.64, 6);
    expect(await after(1, { kind: 'sgd', momentum: 0.9, nesterov: false }, 2)).toBeCloseTo(0.8 - (0.9 * 0.2 + 0.16), 6);
    expect(await after(1, { kind: 'sgd', momentum: 0.9, nesterov: true }, 1)).toBeCloseTo(1 - (0.9 * 0.2 + 0.2), 6);
    expect(await after(1, adam, 1)).toBeCloseTo(0.9, 5);
    expect(await after(1, { ...adam, kind: 'adamW', weightDecay: 0.5 }, 1)).toBeCloseTo(0.9 - 0.1 * 0.5, 5);
  });

  it('clips gradients by their global norm', async () => {
    // Gradient of (a + b)^2 is 2 (a + b) in both places: norm 2 sqrt(2) * 7, clipped to 1.
    const tuned = await tune({ ...line([3, 4]), gradientClipNorm: 1 });
    expect([...dataOf(tuned, 'dense/kernel')].map((x, i) => [3, 4][i]! - x)).toEqual([
      expect.closeTo(0.1 / Math.SQRT2, 5),
      expect.closeTo(0.1 / Math.SQRT2, 5),
    ]);
  });

  it('trains the last partial batch as it is: an epoch of 3 in batches of 2 moves as often and as far as by hand', async () => {
    const b = new NetworkBuilder('line');
    const network = b.build([b.dense('dense', b.input([1]), { kernel: { shape: [1, 1], data: Float32Array.of(0) } })]);
    const train = memoryDataSet(
      [1],
      { kind: 'regression', size: 1 },
      Float32Array.of(1, 1, 1),
      new Int32Array(0),
      Float32Array.of(1, 1, 1),
    );
    const tuned = await tune({ ...line([0]), network, train, batchSize: 2 });
    expect(tuned.steps).toBe(2);
    expect(dataOf(tuned, 'dense/kernel')[0]).toBeCloseTo(0.2 + 0.16, 6);
  });
});

describe('batch norm', () => {
  it('moves running statistics towards those of the batch, and not at all when frozen', async () => {
    const train = halves(16);
    const {
      inputs: [inputs = new Float32Array(0)],
    } = await train.read(Uint32Array.from({ length: 16 }, (_, i) => i));
    const b = new NetworkBuilder('norm');
    const normalized = b.batchNorm('bn', b.input([4, 4, 1]), {
      gamma: filled([1], 1),
      beta: filled([1], 0),
      mean: filled([1], 5),
      variance: filled([1], 7),
      momentum: 0.75,
    });
    const network = b.build([b.dense('dense', b.flatten('flatten', normalized), { kernel: seededParameter([2, 16], 1) })]);
    const mean = inputs.reduce((sum, x) => sum + x, 0) / inputs.length;
    const variance = inputs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / inputs.length;
    const tuned = await tune({ network, train, epochs: 1 });
    expect(dataOf(tuned, 'bn/mean')[0]).toBeCloseTo(0.75 * 5 + 0.25 * mean, 5);
    expect(dataOf(tuned, 'bn/variance')[0]).toBeCloseTo(0.75 * 7 + 0.25 * variance, 5);
    const frozen = await tune({ network, train, epochs: 1, batchNorm: 'frozen' });
    expect([dataOf(frozen, 'bn/mean')[0], dataOf(frozen, 'bn/variance')[0]]).toEqual([5, 7]);
    expect(dataOf(frozen, 'bn/gamma')[0]).not.toBe(1);
  });

  it('forgets statistics that were only initialized within a few steps', async () => {
    const train = halves(16);
    const b = new NetworkBuilder('norm');
    const normalized = b.batchNorm('bn', b.input([4, 4, 1]), {
      gamma: filled([1], 1),
      beta: filled([1], 0),
      mean: filled([1], 0),
      variance: filled([1], 1),
      momentum: 0.99,
    });
    const network = b.build([b.dense('dense', b.flatten('flatten', normalized), { kernel: seededParameter([2, 16], 1) })]);
    const {
      inputs: [inputs = new Float32Array(0)],
    } = await train.read(Uint32Array.from({ length: 16 }, (_, i) => i));
    const mean = inputs.reduce((sum, x) => sum + x, 0) / inputs.length;
    // One batch over and over: what is left of the start is 1/10, then 2/11 of that, then 3/12 of that.
    const tuned = await tune({ network, train, epochs: 3 });
    expect(dataOf(tuned, 'bn/mean')[0]).toBeCloseTo(mean * (1 - (1 / 10) * (2 / 11) * (3 / 12)), 5);
  });

  it('keeps the statistics of a batch norm whose parameters are frozen', async () => {
    const tuned = await tune({ frozen: new Set(['bn/gamma', 'bn/beta', 'conv/kernel', 'conv/bias']), epochs: 1 });
    const before = { network: smallNetwork() };
    for (const id of ['bn/gamma', 'bn/beta', 'bn/mean', 'bn/variance', 'conv/kernel', 'conv/bias'])
      expect(dataOf(tuned, id)).toEqual(dataOf(before, id));
    expect(dataOf(tuned, 'dense/kernel')).not.toEqual(dataOf(before, 'dense/kernel'));
  });
});

describe('constraints', () => {
  const mask = Uint8Array.from({ length: 96 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const sparse: Constraints = [{ kind: 'sparsity', mask }];

  it('holds masked weights at exactly zero while the others learn', async () => {
    const tuned = await tune({ constraints: new Map([['dense/kernel', sparse]]) });
    const before = dataOf({ network: smallNetwork() }, 'dense/kernel');
    dataOf(tuned, 'dense/kernel').forEach((weight, i) => (mask[i] === 0 ? expect(weight).toBe(0) : expect(weight).not.toBe(before[i])));
  });

  it('ends with weights on the codebook that it reports, and on the grid', async () => {
    const codebook = {
      kind: 'codebook',
      granularity: { kind: 'tensor' },
      centroids: Float32Array.of(-0.4, 0, 0.4),
      clusters: 3,
      zeroPinned: true,
    } as const;
    const grid = { kind: 'integerGrid', granularity: { kind: 'tensor' }, scales: Float32Array.of(0.01) } as const;
    const tuned = await tune({ constraints: new Map<string, Constraints>([['dense/kernel', [...sparse, codebook, grid]]]) });
    const final = tuned.constraints.get('dense/kernel')!;
    const learned = final.find((constraint) => constraint.kind === 'codebook')!;
    const scale = final.find((constraint) => constraint.kind === 'integerGrid')!.scales[0]!;
    expect(learned.centroids).not.toEqual(codebook.centroids);
    const values = new Set(dataOf(tuned, 'dense/kernel'));
    expect(values.size).toBeLessThanOrEqual(3);
    for (const value of values) expect(value / scale).toBeCloseTo(Math.round(value / scale), 3);
    dataOf(tuned, 'dense/kernel').forEach((weight, i) => mask[i] === 0 && expect(weight).toBe(0));
  });

  it('recomputes masks before the steps that are due; a pruned weight moves by one step and may come back', async () => {
    const seen: number[][] = [];
    const masks = [Uint8Array.of(0, 1), Uint8Array.of(1, 0)];
    const tuned = await tune({
      ...line([1, 2]),
      steps: 3,
      constraints: new Map([['dense/kernel', [{ kind: 'sparsity', mask: Uint8Array.of(1, 1) }]]]),
      maskSchedule: {
        due: (step) => step < 3,
        masks: (step, current) => {
          seen.push([...current.get('dense/kernel')!]);
          return new Map([['dense/kernel', masks[step - 1]!]]);
        },
      },
    });
    // Step 1 with mask [0, 1]: w = [0, 2], gradient 4 in both places -> [-0.4, 1.6].
    expect(seen[0]).toEqual([1, 2]);
    expect(seen[1]).toEqual([expect.closeTo(-0.4, 6), expect.closeTo(1.6, 6)]);
    // Step 2 with [1, 0]: w = [-0.4, 0], gradient -0.8 -> [-0.32, 0.08]; step 3 -> [-0.256, …], masked in the result.
    expect([...dataOf(tuned, 'dense/kernel')]).toEqual([expect.closeTo(-0.256, 6), 0]);
    expect(tuned.constraints.get('dense/kernel')).toEqual([{ kind: 'sparsity', mask: Uint8Array.of(1, 0) }]);
  });
});

describe('activation fake quantization', () => {
  const b = new NetworkBuilder('quantized');
  const network = b.build([b.dense('dense', b.input([2]), { kernel: { shape: [1, 2], data: Float32Array.of(1, 1) } })]);
  const train = memoryDataSet([2], { kind: 'regression', size: 1 }, Float32Array.of(0.5, 3), new Int32Array(0), Float32Array.of(0));
  const quantized = { ...line([1]), network, train };

  it('rounds to the nudged codes and passes gradients inside the range only', async () => {
    // [-0.9, 1] nudges to the codes -121 to 134 (zero point round(-128 + 0.9 * 255 / 1.9) = -7), [-2, 4] to -85 to 170.
    // 3 is clipped to the end of its range, and its weight still learns from that.
    const ranges = new Map([
      ['input', { minimum: -0.9, maximum: 1 }],
      ['dense', { minimum: -2, maximum: 4 }],
    ]);
    const tuned = await tune({ ...quantized, activations: { ranges, freezeAfterStep: 0, decay: 0.999 } });
    const step = 1.9 / 255;
    const [x, clipped] = [Math.round(0.5 / step) * step, 134 * step];
    const output = Math.round((x + clipped) / (6 / 255)) * (6 / 255);
    const gradient = 2 * output;
    expect(dataOf(tuned, 'dense/kernel')[0]).toBeCloseTo(1 - 0.1 * gradient * x, 5);
    expect(dataOf(tuned, 'dense/kernel')[1]).toBeCloseTo(1 - 0.1 * gradient * clipped, 5);
    expect([...tuned.ranges.keys()]).toEqual([...ranges.keys()]);
    for (const [id, { minimum, maximum }] of tuned.ranges)
      expect([minimum, maximum]).toEqual([Math.fround(ranges.get(id)!.minimum), maximum]);
    const outside = await tune({
      ...quantized,
      activations: { ranges: new Map([['dense', { minimum: -1, maximum: 1 }]]), freezeAfterStep: 0, decay: 0.999 },
    });
    expect([...dataOf(outside, 'dense/kernel')]).toEqual([1, 1]);
  });

  it('moves ranges by one minus the decay towards what it sees, zero included, until they freeze', async () => {
    const ranges = new Map([['input', { minimum: -1, maximum: 1 }]]);
    const tuned = await tune({ ...quantized, steps: 3, activations: { ranges, freezeAfterStep: 2, decay: 0.9 } });
    const { minimum, maximum } = tuned.ranges.get('input')!;
    expect(minimum).toBeCloseTo(-0.81, 6);
    expect(maximum).toBeCloseTo(0.9 * (0.9 + 0.3) + 0.3, 6);
  });
});

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
    const [whole, parts] = [await tune(changed), await tune({ ...changed, memoryBytes: 32_015_000 })];
    dataOf(parts, 'dense/kernel').forEach((weight, i) => expect(weight).toBeCloseTo(dataOf(whole, 'dense/kernel')[i]!, 5));
    expect(weights(parts)).not.toEqual(weights(whole));
    expect(parts.steps).toBe(whole.steps);
  });

  it('refuses what does not fit at all, and says how much it takes', async () => {
    await expect(tune({ memoryBytes: 1000 })).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(/a single example takes about \d+ MB, and 1 MB are free/),
    });
  });
});

describe('checkpoints', () => {
  it('resumes at any step to the same bits', async () => {
    const saved: Uint8Array[] = [];
    const codebook: Constraints = [
      { kind: 'codebook', granularity: { kind: 'tensor' }, centroids: Float32Array.of(-0.4, 0.1, 0.5), clusters: 3, zeroPinned: false },
    ];
    const changed: Partial<FineTuning> = {
      constraints: new Map([['dense/kernel', codebook]]),
      validation: halves(30, 8),
      restoreBest: true,
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
    await expect(tune({ checkpoint: { everySteps: 1, save: () => Promise.resolve(), resumeFrom: state } })).rejects.toThrow(
      'it is of another model or other settings; delete it',
    );
  });
});

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

describe('a wrong label', () => {
  const labelled = (wrong: Readonly<Record<number, number>>, known: boolean): DataSet => {
    const labels = Int32Array.from({ length: 64 }, (_, i) => wrong[i] ?? i % 2);
    const target = { kind: 'classes', classes: 2, names: undefined } as const;
    const data = memoryDataSet([4, 4, 1], target, new Float32Array(64 * 16), labels, new Float32Array(0));
    return known ? { ...data, labels } : data;
  };

  async function attempt(changed: Partial<FineTuning>): Promise<{ error: unknown; steps: number; reads: number }> {
    let [steps, reads] = [0, 0];
    const counted = (data: DataSet | undefined): DataSet | undefined =>
      data && {
        ...data,
        read: (indices, epoch) => {
          reads++;
          return data.read(indices, epoch);
        },
      };
    const error: unknown = await tune({
      batchSize: 1,
      epochs: 1,
      onProgress: () => steps++,
      ...changed,
      train: counted(changed.train) ?? halves(50),
      validation: counted(changed.validation),
    }).catch((reason: unknown) => reason);
    return { error, steps, reads };
  }

  it.each([
    ['too high', { 63: 2 }, 'example 63: label 2'],
    ['negative', { 40: -1 }, 'example 40: label -1'],
    ['the first of several', { 50: 7, 20: 9 }, 'example 20: label 9'],
  ])('is found before the first step and before any example is read: %s', async (_, wrong, which) => {
    const { error, steps, reads } = await attempt({ train: labelled(wrong, true) });
    expect(error).toMatchObject({
      code: 'invalid-data',
      message: `data set "memory": ${which} is outside 0 to 1, the classes of the model; correct the label, or take a model with as many outputs as there are classes`,
    });
    expect([steps, reads]).toEqual([0, 0]);
  });

  it('is found in the validation split too', async () => {
    const { error, steps, reads } = await attempt({ train: labelled({}, true), validation: labelled({ 63: 5 }, true) });
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringContaining('example 63: label 5 is outside 0 to 1') });
    expect([steps, reads]).toEqual([0, 0]);
  });

  it('is found with its batch where labels are known only then', async () => {
    const { error, reads } = await attempt({ train: labelled({ 63: 2 }, false) });
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringContaining('label 2 is outside 0 to 1') });
    expect(reads).toBeGreaterThan(0);
  });

  it('is not looked for where there is none', async () => {
    expect(await attempt({ train: labelled({}, true), steps: 2 })).toMatchObject({ error: { steps: 2 } });
  });

  it('cannot be missing', async () => {
    const { error, reads } = await attempt({ train: { ...labelled({}, true), labels: new Int32Array(63) } });
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringContaining('it has 63 labels for 64 examples') });
    expect(reads).toBe(0);
  });
});
