import { beforeAll, describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { projectSparsity } from '../../../src/core/constraints/sparsity.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Conv2d, Dense } from '../../../src/core/network/operations.ts';
import { createRandom } from '../../../src/core/random.ts';
import { magnitudeMask } from '../../../src/core/techniques/pruning/magnitude-masks.ts';
import { inputDeviations } from '../../../src/core/techniques/reconstruction/input-deviations.ts';
import { maskedLeastSquares } from '../../../src/core/techniques/reconstruction/masked-least-squares.ts';
import { addRows } from '../../../src/core/techniques/reconstruction/normal-equations.ts';
import { patchesOf } from '../../../src/core/techniques/reconstruction/patches.ts';
import { reconstructKernels } from '../../../src/core/techniques/pruning/reconstruct-kernels.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { filled, memoryDataSet, seededParameter } from '../train/training-fixtures.ts';
import { apply } from '../../support/apply-technique.ts';
import { briefly, kernelData, logits, residualNetwork, techniqueContext, trainedModel } from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

const signal = new AbortController().signal;

it.each([0, 1, 3, 4, 7, 8, 9])('the sum of %i rows is that of one row after the other, to the last bit', (rows) => {
  const random = createRandom(rows);
  const width = 5;
  const values = Float32Array.from({ length: rows * width }, () => random.normal() * 10 ** random.integer(9));
  const expected = Float64Array.from({ length: width }, (_, i) => i);
  const sum = expected.slice();
  values.forEach((value, i) => {
    expected[i % width]! += value;
  });
  addRows(sum, values);
  expect(sum).toEqual(expected);
});

describe('weights under a mask', () => {
  it('are those that a pencil finds', async () => {
    // Whole weights of (1, 1) and (3, -1) have these targets. The second weight of the first filter goes, and 2 v = 3 is left.
    const fitted = await maskedLeastSquares({
      engine,
      weights: Float32Array.of(1, 1, 3, -1),
      mask: Uint8Array.of(1, 0, 1, 1),
      equations: { gram: Float32Array.of(2, 1, 1, 2), targets: Float32Array.of(3, 3, 5, 1) },
      signal,
    });
    expect([...fitted]).toEqual([1.5, 0, 3, -1].map((value) => expect.closeTo(value, 5)));
  });

  it('solve the normal equations of what stays', async () => {
    const random = createRandom(3);
    const length = 24;
    const inputs = Float64Array.from({ length: 60 * length }, () => random.normal());
    const gram = Float32Array.from({ length: length ** 2 }, (_, at) => {
      const [i, j] = [Math.floor(at / length), at % length];
      let sum = 0;
      for (let row = 0; row < 60; row++) sum += inputs[row * length + i]! * inputs[row * length + j]!;
      return sum;
    });
    const weights = Float32Array.from({ length: 5 * length }, () => random.normal());
    const targets = Float32Array.from(weights, () => 60 * random.normal());
    const mask = Uint8Array.from(weights, () => (random.next() < 0.5 ? 0 : 1));
    const fitted = await maskedLeastSquares({ engine, weights, mask, equations: { gram, targets }, signal });
    fitted.forEach((value, at) => {
      if (mask[at] === 0) return expect(value).toBe(0);
      const [row, i] = [Math.floor(at / length), at % length];
      let computed = 0;
      for (let j = 0; j < length; j++) computed += gram[i * length + j]! * fitted[row * length + j]!;
      return expect(Math.abs(computed - targets[at]!)).toBeLessThan(0.05);
    });
  });
});

describe('patches', () => {
  it.each([
    { padding: 'same', strides: [2, 1], dilations: [1, 1] },
    { padding: 'valid', strides: [1, 2], dilations: [1, 1] },
    { padding: 'same', strides: [1, 1], dilations: [2, 2] },
  ] as const)('times a filter are what the convolution computes: %o', async (options) => {
    const b = new NetworkBuilder('convolution');
    const kernel = seededParameter([3, 3, 2, 2], 5);
    const network = b.build([b.conv2d('conv', b.input([6, 5, 2]), { kernel, ...options })]);
    const [operation] = network.operations as readonly [Conv2d];
    const patches = patchesOf(operation, [6, 5, 2], kernel.shape)!;
    const input = seededParameter([2, 6, 5, 2], 6).data;
    const inference = await compileInference(engine, network, 2);
    const [outputs] = await inference.run([input], 2);
    await inference.dispose();
    const patch = new Float32Array(1 + patches.length);
    const computed = Array.from({ length: 2 * patches.positions * 3 }, (_, at) => {
      const [example, position, filter] = [Math.floor(at / 3 / patches.positions), Math.floor(at / 3) % patches.positions, at % 3];
      patches.read(input, example * 60, position, patch, 1);
      return kernel.data.subarray(filter * patches.length, (filter + 1) * patches.length).reduce((sum, w, i) => sum + w * patch[1 + i]!, 0);
    });
    expect(computed).toHaveLength(outputs!.length);
    computed.forEach((value, at) => expect(value).toBeCloseTo(outputs![at]!, 4));
  });

  it('are not to be had where a filter sees some of the channels only', () => {
    const b = new NetworkBuilder('convolution');
    const network = b.build([b.conv2d('conv', b.input([4, 4, 2]), { kernel: seededParameter([2, 1, 1, 2], 1) })]);
    expect(patchesOf(network.operations[0] as Conv2d, [4, 4, 4], [2, 1, 1, 2])).toBeUndefined();
  });
});

describe('deviations of inputs', () => {
  it('are those of the examples, of what the layers before compute', async () => {
    const b = new NetworkBuilder('chain');
    const first = b.dense('first', b.input([3]), {
      kernel: { shape: [2, 3], data: Float32Array.of(2, 0, 0, 0, 0, 0) },
      bias: filled([2], 7),
    });
    const network = b.build([b.dense('second', first, { kernel: seededParameter([2, 2], 3) })]);
    const context = techniqueContext(engine);
    const train = twins(200);
    const { inputs } = await train.read(Uint32Array.from({ length: 200 }, (_, i) => i));
    const firsts = Array.from({ length: 200 }, (_, i) => inputs[0]![3 * i]!);
    const mean = firsts.reduce((sum, value) => sum + value, 0) / 200;
    const deviation = Math.sqrt(firsts.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 200);
    const found = await inputDeviations(network, new Set(['first/kernel', 'second/kernel']), {
      ...context,
      data: { ...context.data, train },
    });
    expect(found.get('first/kernel')![0]).toBeCloseTo(deviation, 4);
    expect(found.get('second/kernel')![0]).toBeCloseTo(2 * deviation, 4);
    expect(found.get('second/kernel')![1]).toBeCloseTo(0, 4);
  });

  it.each([
    ['contribution', [1, 0]],
    ['magnitude', [0, 1]],
  ] as const)('rank weights by %s: of a constant input the larger one goes, or stays', async (criterion, kept) => {
    const b = new NetworkBuilder('constant');
    const dense = b.dense('dense', b.input([2]), { kernel: { shape: [2, 2], data: Float32Array.of(1, 3, -1, -2) } });
    const network = b.build([b.activation('softmax', dense, 'softmax')]);
    const random = createRandom(9);
    const inputs = Float32Array.from({ length: 128 }, (_, i) => (i % 2 === 1 ? 1 : random.normal()));
    const train = memoryDataSet([2], { kind: 'classes', classes: 2, names: undefined }, inputs, new Int32Array(64), new Float32Array(0));
    const context = techniqueContext(engine);
    const pruned = await apply(
      'pruning',
      trainedModel(network),
      { ...context, data: { ...context.data, train } },
      { steps: 1, batchSize: 16, learningRate: 1e-6, sparsity: 0.5, structure: 'unstructured', criterion },
    );
    expect([...kernelData(pruned.network, 'dense/kernel')].map((weight) => (weight === 0 ? 0 : 1))).toEqual([...kept, ...kept]);
  });
});

describe('a pruned network whose weights are fitted', () => {
  it('computes what the whole one does where another input carries the same', async () => {
    const b = new NetworkBuilder('twins');
    const network = b.build([b.dense('dense', b.input([3]), { kernel: { shape: [1, 3], data: Float32Array.of(0.5, 2, -1) } })]);
    const context = techniqueContext(engine);
    const data = { ...context.data, train: twins(200) };
    const pruned = await reconstructKernels(network, network, new Map([['dense/kernel', Uint8Array.of(0, 1, 1)]]), { ...context, data });
    const [first, second, third] = kernelData(pruned, 'dense/kernel');
    expect(first).toBe(0);
    expect(second).toBeCloseTo(2.5, 1);
    expect(third).toBeCloseTo(-1, 1);
  });

  it('is nearer to the whole one than a masked one, through a residual network', async () => {
    const network = residualNetwork();
    const masks = new Map(
      ['conv/kernel', 'pointwise/kernel', 'dense/kernel'].map((id) => [id, magnitudeMask(kernelData(network, id), 0.5)] as const),
    );
    const fitted = await reconstructKernels(network, network, masks, techniqueContext(engine));
    const parameters = new Map(network.parameters);
    for (const [id, mask] of masks) {
      const parameter = parameters.get(id)!;
      parameters.set(id, { ...parameter, data: projectSparsity(parameter.data, { mask }) });
      expect(kernelData(fitted, id).map((weight) => (weight === 0 ? 0 : 1))).toEqual(Float32Array.from(mask));
    }
    const whole = await logits(engine, network);
    const error = squaredError(whole, await logits(engine, fitted));
    expect(error).toBeLessThan(0.5 * squaredError(whole, await logits(engine, { ...network, parameters })));
  });

  it('has a kernel that two layers share masked only, for what fits one of them need not fit the other', async () => {
    const b = new NetworkBuilder('shared');
    const kernel = seededParameter([3, 3], 9);
    const first = b.dense('first', b.input([3]), { kernel });
    const built = b.build([b.dense('second', first, { kernel })]);
    const operations = built.operations.map((operation) => ({ ...operation, kernel: 'first/kernel' }) as Dense);
    const shared: Network = { ...built, operations };
    const mask = Uint8Array.of(0, 1, 1, 1, 0, 1, 1, 1, 0);
    const context = techniqueContext(engine);
    const pruned = await reconstructKernels(shared, shared, new Map([['first/kernel', mask]]), {
      ...context,
      data: { ...context.data, train: twins(64) },
    });
    expect(kernelData(pruned, 'first/kernel')).toEqual(projectSparsity(kernel.data, { mask }));
  });

  it('keeps a 2:4 pattern', async () => {
    const context = techniqueContext(engine);
    const { network } = await apply('pruning', trainedModel(), context, { ...briefly, structure: { kind: 'groups', zeros: 2, group: 4 } });
    const kernel = kernelData(network, 'dense/kernel');
    for (let start = 0; start < kernel.length; start += 4) expect(kernel.subarray(start, start + 4).filter((w) => w === 0)).toHaveLength(2);
  });

  it('reaches a high sparsity in rounds, with exactly the zeros that were asked for', async () => {
    const rounds: number[] = [];
    const context = {
      ...techniqueContext(engine),
      onProgress: (phase: string, fraction: number) => void (phase === 'calibrating' && rounds.push(fraction)),
    };
    const structure = 'unstructured';
    const { network } = await apply('pruning', trainedModel(), context, { ...briefly, sparsity: 0.875, structure });
    expect(rounds.filter((fraction) => fraction === 0)).toHaveLength(3);
    expect(kernelData(network, 'dense/kernel').filter((weight) => weight === 0)).toHaveLength(168);
  });

  it('cannot be had with a schedule, which sets the masks during the training', async () => {
    const schedule = { kind: 'constant', sparsity: 0.5, begin: 0, frequency: 1 } as const;
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), { schedule, reconstruction: true })).rejects.toThrow(
      'leave out "schedule" or "reconstruction"',
    );
  });
});

/** Vectors whose first two values are equal. */
function twins(size: number): DataSet {
  const random = createRandom(8);
  const inputs = Float32Array.from({ length: size * 3 }, () => random.normal());
  for (let i = 0; i < inputs.length; i += 3) inputs[i + 1] = inputs[i]!;
  return memoryDataSet([3], { kind: 'classes', classes: 2, names: undefined }, inputs, new Int32Array(size), new Float32Array(0));
}

function squaredError(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
}
