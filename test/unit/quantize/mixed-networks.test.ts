/** Properties of mixed files over seeded random networks: of their types, and of what LiteRT computes. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import type { Network, ValueId } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { hasKernel } from '../../../src/core/network/kernel-operations.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { mixActivations, unmixActivations, type Int16Layers } from '../../../src/core/quantize/mix-activations.ts';
import { roundActivations } from '../../../src/core/quantize/round-activations.ts';
import { roundedNetwork } from '../../../src/core/quantize/rounded-network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { quantizeByReference } from '../tflite/quantized-reference.ts';
import { largestDifference, runFloat } from '../tflite/run-tflite.ts';
import { filled, seededParameter } from '../train/training-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

const channels = 4;
const size = 6;

/** Layers of all kinds in a random order, with branches that meet again. */
function randomNetwork(seed: number): Network {
  const random = createRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)] ?? items[0]!;
  const b = new NetworkBuilder(`random ${seed}`);
  const values: ValueId[] = [b.input([size, size, channels])];
  // Of the last few, so that not much is left out of what the output depends on.
  const recent = (): ValueId => pick(values.slice(-3));
  const steps: ((name: string, seed: number) => ValueId)[] = [
    (name, s) => b.conv2d(name, recent(), { ...weights([channels, 3, 3, channels], s), padding: 'same', activation: 'relu' }),
    (name, s) => b.conv2d(name, recent(), { ...weights([channels, 1, 1, channels], s), activation: 'none' }),
    (name, s) => b.depthwiseConv2d(name, recent(), { ...weights([1, 3, 3, channels], s), padding: 'same', activation: 'relu6' }),
    (name, s) => b.dense(name, recent(), { ...weights([channels, channels], s) }),
    (name) => b.binary(name, 'add', recent(), recent(), 'relu'),
    (name) => b.binary(name, 'mul', recent(), recent()),
    (name) => b.binary(name, 'max', recent(), recent()),
    (name) => b.activation(name, recent(), pick(['sigmoid', 'tanh', 'leakyRelu', 'hardSwish'])),
    (name) => b.pool2d(name, recent(), pick(['max', 'average']), [3, 3], { strides: [1, 1], padding: 'same' }),
    (name) => b.crop(`${name}/crop`, b.concat(name, [recent(), recent()], 0), [1, 0, 0], [size, size, channels]),
  ];
  for (let i = 0; i < 12; i++) values.push(pick(steps)(`layer${i}`, 100 * seed + i));
  const x = b.binary('join', 'add', values.at(-1)!, values.at(-2)!);
  return b.build([b.dense('last', b.globalPool('mean', x, 'average'), weights([3, channels], seed))]);
}

function weights(shape: readonly number[], seed: number) {
  const outputs = shape[0] === 1 ? (shape.at(-1) ?? 1) : (shape[0] ?? 1);
  return { kernel: seededParameter(shape, seed, 0.8), bias: filled([outputs], 0.05) };
}

function randomLayers(network: Network, seed: number): Int16Layers {
  const random = createRandom(1000 + seed);
  const kernels = network.operations.filter(hasKernel).map(({ layer }) => layer);
  return { layers: new Set(kernels.filter(() => random.next() < 0.6)), floatInterface: random.next() < 0.5 };
}

const cases = Array.from({ length: 16 }, (_, seed) => {
  const network = prepareForDeployment(randomNetwork(seed));
  return { seed, network, int16: randomLayers(network, seed) };
});

describe.each(cases)('random network $seed with random layers of int16', ({ seed, network, int16 }) => {
  const mixed = mixActivations(network, int16);
  const examples = Array.from({ length: 4 }, (_, i) => [seededParameter([size, size, channels], 7000 + 10 * seed + i, 2).data]);
  const quantized = quantizeByReference(mixed, examples);
  const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' });

  it('reads and writes one type in each operator but conversions, int16 in these layers alone', () => {
    const [graph] = readTflite(bytes).subgraphs;
    for (const { name, inputs, outputs } of graph?.operators ?? []) {
      const tensors = [...inputs, ...outputs].flatMap((index) => graph?.tensors[index] ?? []);
      const computed = tensors.filter(({ data }) => data === undefined).map(({ type }) => type);
      if (name === 'QUANTIZE' || name === 'DEQUANTIZE') {
        const [from, to] = tensors;
        expect(`${from?.type} ${from?.quantization?.scales[0]}`).not.toBe(`${to?.type} ${to?.quantization?.scales[0]}`);
      } else expect(new Set(computed).size).toBe(1);
      const layer = /^(.*)\/kernel/.exec(tensors.find(({ name: tensor }) => tensor.endsWith('/kernel'))?.name ?? '')?.[1];
      if (layer !== undefined) expect(computed[0]).toBe(int16.layers.has(layer) ? 'int16' : 'int8');
    }
  });

  it('is the network itself without the conversions', () => {
    expect(unmixActivations(mixed)).toEqual(network);
  });

  it('computes in LiteRT what the training engine computes, to two steps of the output', async () => {
    const rounded = roundedNetwork(quantized);
    const inference = await compileInference(engine, rounded, 1, { transform: roundActivations(rounded, quantized.activations) });
    const output = quantized.activations.get(mixed.outputs[0] ?? '');
    // Of int16, a step of an int8 layer before may be many.
    const step = output?.type === 'int16' ? output.scale * 256 : (output?.scale ?? 0);
    for (const inputs of examples) {
      const [simulated = new Float32Array(0)] = await inference.run(inputs, 1);
      const [run = new Float32Array(0)] = await runFloat(bytes, inputs);
      expect(largestDifference(run, simulated)).toBeLessThan(2.01 * step);
    }
    await inference.dispose();
  });
});

describe('embeddings, constants and products of values', () => {
  const b = new NetworkBuilder('rows of a table');
  let x = b.embedding('embedding', b.input([6]), seededParameter([10, 4], 1, 2));
  const constant = b.constant('constant', seededParameter([6, 4], 9));
  x = b.binary('sum', 'add', b.dense('first', x, weights([4, 4], 2)), constant);
  x = b.binary('bounded', 'min', x, b.constant('bound', filled([1], 0.7)));
  x = b.dense('second', x, weights([4, 4], 3));
  const product = b.batchMatmul('product', x, x, { transposeB: true });
  const network = b.build([product, b.binary('scaled', 'mul', b.dense('narrow', x, weights([4, 4], 4)), constant)]);
  const mixed = mixActivations(network, { layers: new Set(['first', 'second']), floatInterface: true });
  const rows = [1, 2, 3, 4, 5, 6];
  const quantized = quantizeByReference(mixed, [[Float32Array.from(rows)], [Float32Array.of(0, 9, 8, 7, 5, 6)]]);

  it('are int16 where nothing reads them as int8; a constant of both has one conversion', () => {
    const int16 = [...mixed.values].flatMap(([id, { type }]) => (type === 'int16' ? [id] : []));
    expect(int16.toSorted()).toEqual(['bound', 'bounded', 'constant/int16', 'embedding', 'first', 'product', 'second', 'sum']);
    expect(mixed.operations.flatMap(({ kind, output }) => (kind === 'requantize' ? [output] : []))).toEqual([
      'constant/int16',
      'second/int8',
    ]);
    expect(unmixActivations(mixed)).toEqual(network);
  });

  it('compute in LiteRT what the training engine computes', async () => {
    const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' });
    const outputs = await runFloat(bytes, [new Float32Array(Int32Array.from(rows).buffer)]);
    const rounded = roundedNetwork(quantized);
    const inference = await compileInference(engine, rounded, 1, { transform: roundActivations(rounded, quantized.activations) });
    const simulated = await inference.run([Float32Array.from(rows)], 1);
    await inference.dispose();
    expect(outputs.length).toBe(2);
    outputs.forEach((output, i) => {
      const step = quantized.activations.get(mixed.outputs[i] ?? '')?.scale ?? NaN;
      // A product sums four products of codes, each of which may be a step off.
      expect(largestDifference(output, simulated[i] ?? [])).toBeLessThan((i === 0 ? 8 : 2.01) * step);
    });
  });
});

it('these networks convert in both directions, and compute most kinds of operations in each type', () => {
  const seen = new Map<string, number>();
  for (const { network, int16 } of cases) {
    const mixed = mixActivations(network, int16);
    for (const { kind, output } of mixed.operations) {
      const key = `${kind} ${mixed.values.get(output)?.type ?? 'int8'}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
  for (const kind of ['requantize', 'conv2d', 'depthwiseConv2d', 'dense', 'binary', 'activation', 'pool2d', 'globalPool', 'crop'])
    for (const type of ['int8', 'int16']) expect(seen.get(`${kind} ${type}`) ?? 0, `${kind} ${type}`).toBeGreaterThan(0);
});
