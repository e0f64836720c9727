import { describe, expect, it } from 'vitest';
import type { Batch, DataSet, DataSplits } from '../../../src/core/data/dataset.ts';
import type { Target } from '../../../src/core/data/target.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { evaluateNetwork } from '../../../src/core/measure/evaluate-network.ts';
import { evaluateTflite } from '../../../src/core/measure/evaluate-tflite.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { openTask } from '../../../src/core/task/open-task.ts';
import { planTask } from '../../../src/core/task/plan-task.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { fineTune } from '../../../src/core/train/fine-tune.ts';

const random = createRandom(1);
const numbers = (length: number, scale = 1): Float32Array => Float32Array.from({ length }, () => random.normal() * scale);

/** Four numbers in; "kind" tells three classes apart, "size" gives two numbers. */
function twoHeads(scale = 1): Network {
  const builder = new NetworkBuilder('two heads');
  const kernel = (output: number, input: number) => ({ kernel: { shape: [output, input], data: numbers(output * input, scale) } });
  const hidden = builder.activation('relu', builder.dense('hidden', builder.input([4]), kernel(8, 4)), 'relu');
  const kind = builder.activation('kind', builder.dense('kind_logits', hidden, kernel(3, 8)), 'softmax');
  return builder.build([kind, builder.dense('size', hidden, kernel(2, 8))]);
}

function dataSet(
  name: string,
  size: number,
  target: Target,
  labels: Int32Array,
  targets: Float32Array,
  inputs = numbers(4 * size),
): DataSet {
  const rows = <Values extends Int32Array | Float32Array>(values: Values, indices: Uint32Array): number[] =>
    Array.from(indices).flatMap((index) => {
      const width = values.length / size;
      return Array.from(values.subarray(index * width, (index + 1) * width));
    });
  return {
    name,
    size,
    inputShapes: [[4]],
    target,
    read: (indices): Promise<Batch> =>
      Promise.resolve({
        size: indices.length,
        inputs: [Float32Array.from(rows(inputs, indices))],
        labels: Int32Array.from(rows(labels, indices)),
        targets: Float32Array.from(rows(targets, indices)),
      }),
  };
}

const implied: Target = { kind: 'regression', size: 4, isInput: true, isImplied: true };
const unlabelled = (name: string, size: number): DataSet => dataSet(name, size, implied, new Int32Array(0), new Float32Array(0));
const splits = (of: (name: string, size: number) => DataSet): DataSplits => ({
  train: of('train', 64),
  validation: of('validation', 8),
  test: of('test', 40),
});
const engine = await createEngine({ name: 'auto', threads: 1 });
const setting = { engine: () => Promise.resolve(engine), isAugmented: false } as const;

describe('data without labels', () => {
  it('are learned from the trained model, every output by its own loss, and measured by agreement', async () => {
    const network = twoHeads();
    const { data, loss, warnings } = await openTask({ ...setting, network, data: splits(unlabelled), outputs: undefined });
    expect(loss).toMatchObject({
      kind: 'outputs',
      outputs: [
        { output: 0, loss: 'crossEntropy', weight: 1 },
        { output: 1, loss: 'meanSquaredError', weight: 1 },
      ],
    });
    expect(warnings.join()).toMatch(/no labels.*"kind", "size"/);
    const own = await evaluateNetwork({ engine, network, data: data.test });
    expect(own).toMatchObject({ measure: 'cosine', cosine: 1, samples: 40 });
    // The float file agrees to rounding, in the runtime and output by output.
    const file = await evaluateTflite({ bytes: writeTflite({ kind: 'float', network }), data: data.test });
    expect(file.outputs?.map(({ name }) => name)).toEqual(['kind', 'size']);
    for (const output of file.outputs ?? []) expect(output.sqnr ?? 200).toBeGreaterThan(100);
    // Another network does not.
    const other = await evaluateNetwork({ engine, network: twoHeads(), data: data.test });
    expect(other.cosine).toBeLessThan(0.99);
    expect(other.outputs).toHaveLength(2);
  });

  it('teach a disturbed network what the trained one gives', async () => {
    const network = twoHeads();
    const { data, loss } = await openTask({ ...setting, network, data: splits(unlabelled), outputs: undefined });
    const disturbed: Network = {
      ...network,
      parameters: new Map(
        [...network.parameters].map(([id, { shape, data: values }]) => [id, { shape, data: values.map((w) => w * 0.5) }]),
      ),
    };
    const before = await evaluateNetwork({ engine, network: disturbed, data: data.test });
    const trained = await fineTune({
      engine,
      network: disturbed,
      constraints: new Map(),
      train: data.train,
      validation: data.validation,
      restoreBest: true,
      loss,
      optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
      learningRate: { kind: 'constant', rate: 0.01 },
      epochs: 40,
      batchSize: 32,
      seed: 1,
      batchNorm: 'training',
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const after = await evaluateNetwork({ engine, network: trained.network, data: data.test });
    const sqnr = (accuracy: typeof after): readonly number[] => (accuracy.outputs ?? []).map((output) => output.sqnr ?? NaN);
    for (const [output, decibels] of sqnr(after).entries()) expect(decibels).toBeGreaterThan((sqnr(before)[output] ?? 0) + 6);
  });

  it('are an autoencoder where the model gives back something of their size', () => {
    const builder = new NetworkBuilder('auto');
    const network = builder.build([builder.dense('out', builder.input([4]), { kernel: { shape: [4, 4], data: numbers(16) } })]);
    expect(planTask(network, splits(unlabelled))).toMatchObject({ isPlain: true, outputs: [{ target: implied, measure: 'MSE' }] });
  });
});

describe('outputs of a recipe', () => {
  const classes: Target = { kind: 'classes', classes: 3, names: undefined };
  const labelled = (name: string, size: number): DataSet =>
    dataSet(
      name,
      size,
      classes,
      Int32Array.from({ length: size }, (_, index) => index % 3),
      new Float32Array(0),
    );

  it('may learn labels and the trained model side by side', async () => {
    const network = twoHeads();
    const outputs = { size: { loss: 'distillation', weight: 0.5, measure: 'SQNR' }, kind: {} } as const;
    const { data, loss } = await openTask({ ...setting, network, data: splits(labelled), outputs });
    expect(loss).toMatchObject({
      outputs: [
        { output: 1, weight: 0.5 },
        { output: 0, loss: 'crossEntropy' },
      ],
    });
    const batch = await data.test.read(Uint32Array.of(4, 5));
    expect([batch.labels.length, batch.targets.length]).toEqual([2, 4]);
    const { outputs: found } = await evaluateNetwork({ engine, network, data: data.test });
    expect(found).toMatchObject([
      { name: 'size', measure: 'SQNR', cosine: 1 },
      { name: 'kind', measure: 'accuracy' },
    ]);
  });

  it('that do not fit are refused where they stand, with what would fit', () => {
    const network = twoHeads();
    expect(() => planTask(network, splits(labelled), { knid: {} })).toThrow(
      /no output of the model is called "knid".*did you mean "kind"/s,
    );
    expect(() => planTask(network, splits(labelled), { kind: { measure: 'mIoU' } })).toThrow(
      /outputs\.kind\.measure.*"mIoU" does not fit an output whose labels are classes.*"accuracy"/s,
    );
    expect(() => planTask(network, splits(unlabelled), { size: { measure: 'accuracy' } })).toThrow(/"cosine", "SQNR"/);
    expect(() => planTask(network, splits(labelled), { kind: { loss: 'none' }, size: { loss: 'none' } })).toThrow(/no output/);
  });

  it('of data where only one split has labels are refused', () => {
    const mixed = { ...splits(labelled), test: unlabelled('test', 40) };
    expect(() => planTask(twoHeads(), mixed)).toThrow(/the train examples have labels, the test examples have none/);
  });
});

describe('the trained model', () => {
  it('can be run again after it was released', async () => {
    const network = twoHeads();
    const { data, release } = await openTask({ ...setting, network, data: splits(unlabelled), outputs: undefined });
    const before = await data.train.read(Uint32Array.of(0, 1), 0);
    await release();
    await release();
    expect((await data.train.read(Uint32Array.of(0, 1), 0)).targets).toEqual(before.targets);
    expect((await data.train.read(Uint32Array.of(2), 0)).targets).toHaveLength(before.targets.length / 2);
    await release();
  });
});

describe('the absolute error', () => {
  it('makes the median of what the labels are, not their mean', async () => {
    // A network of a bias alone, whose labels are 0, 0 and 9 in turn.
    const builder = new NetworkBuilder('constant');
    const network = builder.build([
      builder.dense('out', builder.input([4]), {
        kernel: { shape: [1, 4], data: new Float32Array(4) },
        bias: { shape: [1], data: Float32Array.of(2) },
      }),
    ]);
    const thirds = (name: string, size: number): DataSet =>
      dataSet(
        name,
        size,
        { kind: 'regression', size: 1 },
        new Int32Array(0),
        Float32Array.from({ length: size }, (_, index) => (index % 3 === 2 ? 9 : 0)),
        new Float32Array(4 * size),
      );
    const data = { train: thirds('train', 63), validation: thirds('validation', 9), test: thirds('test', 9) };
    const { loss } = await openTask({ ...setting, network, data, outputs: { out: { loss: 'meanAbsoluteError', measure: 'MAE' } } });
    const biasAfter = async (trainedBy: typeof loss): Promise<number> => {
      const trained = await fineTune({
        engine,
        network,
        constraints: new Map(),
        train: data.train,
        validation: undefined,
        loss: trainedBy,
        optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
        learningRate: { kind: 'cosine', rate: 0.1, finalRate: 0.001 },
        epochs: 60,
        batchSize: 63,
        seed: 0,
        batchNorm: 'training',
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      return trained.network.parameters.get('out/bias')?.data[0] ?? NaN;
    };
    expect(Math.abs(await biasAfter(loss))).toBeLessThan(0.2);
    expect(await biasAfter({ kind: 'meanSquaredError' })).toBeGreaterThan(2);
  });
});
