import { describe, expect, it } from 'vitest';
import { arithmetic, clipped, groupNormalized, normalized, softmaxAlong } from '../../../src/core/network/compositions.ts';
import { selected, split } from '../../../src/core/network/selection.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network, Parameter, ValueId } from '../../../src/core/network/network.ts';
import { planActivations } from '../../../src/core/quantize/plan-activations.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { createRandom } from '../../../src/core/random.ts';
import { quantizeByReference, quantizedOutput } from '../tflite/quantized-reference.ts';
import { largestDifference, runFloat } from '../tflite/run-tflite.ts';
import { referenceOutputs } from './reference-executor.ts';

const random = createRandom(11);
const values = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal() * 2);
const parameter = (...shape: number[]): Parameter => ({ shape, data: values(shape.reduce((a, b) => a * b, 1)) });

function network(shape: readonly number[], make: (b: NetworkBuilder, x: ValueId) => ValueId): Network {
  const b = new NetworkBuilder('composed');
  return b.build([make(b, b.input(shape))]);
}

/** The function by plain arithmetic on `[rows][columns]`. */
const rowsOf = (x: Float32Array, columns: number): number[][] =>
  Array.from({ length: x.length / columns }, (_, i) => Array.from(x.subarray(i * columns, (i + 1) * columns)));
const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
const standard = (list: readonly number[], epsilon: number): number[] => {
  const center = mean(list);
  return list.map((v) => (v - center) / Math.sqrt(mean(list.map((u) => (u - center) ** 2)) + epsilon));
};

async function expectComputes(net: Network, x: Float32Array, expected: readonly number[], tolerance = 1e-5): Promise<void> {
  expect(largestDifference(referenceOutputs(net, [x])[0] ?? [], expected)).toBeLessThan(tolerance);
  const [output = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network: net }), [x]);
  expect(largestDifference(output, expected)).toBeLessThan(tolerance);
}

describe('normalizations', () => {
  const [gamma, beta] = [parameter(4), parameter(4)];

  it('of a layer: over the last axis', async () => {
    const x = values(24);
    const net = network([6, 4], (b, v) => normalized(b, 'norm', v, { axes: [-1], epsilon: 0.01, gamma, beta }));
    const expected = rowsOf(x, 4).flatMap((row) => standard(row, 0.01).map((v, c) => v * gamma.data[c]! + beta.data[c]!));
    await expectComputes(net, x, expected);
    expect(net.operations.at(-1)).toMatchObject({ kind: 'rescale', learned: true });
  });

  it('of an instance: over the positions of each channel', async () => {
    const x = values(24);
    const net = network([3, 2, 4], (b, v) => normalized(b, 'norm', v, { axes: [0, 1], epsilon: 1e-3, gamma, beta }));
    const columns = [0, 1, 2, 3].map((c) =>
      standard(
        rowsOf(x, 4).map((row) => row[c]!),
        1e-3,
      ),
    );
    await expectComputes(
      net,
      x,
      Array.from(x, (_, i) => columns[i % 4]![Math.floor(i / 4)]! * gamma.data[i % 4]! + beta.data[i % 4]!),
    );
  });

  it('of groups of channels', async () => {
    const x = values(24);
    const net = network([3, 2, 4], (b, v) => groupNormalized(b, 'norm', v, { groups: 2, epsilon: 1e-3, gamma, beta }));
    const groups = [0, 1].map((g) =>
      standard(
        rowsOf(x, 4).flatMap((row) => row.slice(g * 2, g * 2 + 2)),
        1e-3,
      ),
    );
    const expected = Array.from(x, (_, i) => {
      const [position, c] = [Math.floor(i / 4), i % 4];
      return groups[Math.floor(c / 2)]![position * 2 + (c % 2)]! * gamma.data[c]! + beta.data[c]!;
    });
    await expectComputes(net, x, expected);
    expect(() => network([3, 2, 4], (b, v) => groupNormalized(b, 'norm', v, { groups: 3, epsilon: 1 }))).toThrow(
      '4 channels do not divide into 3 groups',
    );
  });

  it('with a gamma of several axes', async () => {
    const x = values(8);
    const wide = parameter(2, 4);
    const net = network([2, 4], (b, v) => normalized(b, 'norm', v, { axes: [0, 1], epsilon: 1e-3, gamma: wide }));
    await expectComputes(
      net,
      x,
      standard(Array.from(x), 1e-3).map((v, i) => v * wide.data[i]!),
    );
  });

  it('in int8 differ by few steps', async () => {
    const net = network([6, 16], (b, v) => normalized(b, 'norm', v, { axes: [-1], epsilon: 1e-3 }));
    const examples = [1, 2, 3].map(() => [values(96)]);
    const quantized = quantizeByReference(net, examples);
    const [output = new Float32Array()] = await runFloat(
      writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }),
      examples[0]!,
    );
    const scale = quantized.activations.get(net.outputs[0]!)!.scale;
    expect(largestDifference(output, quantizedOutput(quantized, examples[0]!)) / scale).toBeLessThan(6);
  });
});

it('softmax runs along any axis', async () => {
  const x = values(12);
  const net = network([2, 3, 2], (b, v) => softmaxAlong(b, 'softmax', v, 1));
  const expected = Array.from(x, (v, i) => {
    const [row, column] = [Math.floor(i / 6), i % 2];
    return Math.exp(v) / [0, 1, 2].reduce((sum, k) => sum + Math.exp(x[row * 6 + k * 2 + column]!), 0);
  });
  await expectComputes(net, x, expected);
});

describe('arithmetic with constants', () => {
  const one = (value: number): Parameter => ({ shape: [1], data: Float32Array.of(value) });
  const kinds = (net: Network): string[] => net.operations.map((operation) => operation.kind);

  it.each([
    ['a number added', 'add', one(2), (v: number) => v + 2, ['rescale']],
    ['a number taken away', 'sub', one(2), (v: number) => v - 2, ['rescale']],
    ['divided by a number', 'div', one(4), (v: number) => v / 4, ['rescale']],
    ['squared', 'pow', one(2), (v: number) => v * v, ['binary']],
    ['cubed', 'pow', one(3), (v: number) => v ** 3, ['binary', 'binary']],
    ['bounded by 0', 'max', one(0), (v: number) => Math.max(v, 0), ['activation']],
    ['bounded from above', 'min', one(0.5), (v: number) => Math.min(v, 0.5), ['constant', 'binary']],
  ] as const)('%s', async (_, name, constant, f, expected) => {
    const x = values(6);
    const net = network([2, 3], (b, v) => arithmetic(b, 'layer', name, v, constant));
    await expectComputes(net, x, Array.from(x, f));
    expect(kinds(net)).toEqual(expected);
  });

  it('a constant first: 1 - x, 3 / x', async () => {
    const x = values(6).map((v) => Math.abs(v) + 0.5);
    await expectComputes(
      network([2, 3], (b, v) => arithmetic(b, 'layer', 'sub', one(1), v)),
      x,
      Array.from(x, (v) => 1 - v),
    );
    await expectComputes(
      network([2, 3], (b, v) => arithmetic(b, 'layer', 'div', one(3), v)),
      x,
      Array.from(x, (v) => 3 / v),
    );
  });

  it('one a channel is a rescaling, one a position is a constant, and axes that it adds stay', async () => {
    const x = values(6);
    const [byChannel, byPosition, wider] = [parameter(1, 3), parameter(2, 1), parameter(2, 1, 1)];
    const rescaled = network([2, 3], (b, v) => arithmetic(b, 'layer', 'add', v, byChannel));
    expect(kinds(rescaled)).toEqual(['rescale']);
    await expectComputes(
      rescaled,
      x,
      Array.from(x, (v, i) => v + byChannel.data[i % 3]!),
    );
    await expectComputes(
      network([2, 3], (b, v) => arithmetic(b, 'layer', 'mul', v, byPosition)),
      x,
      Array.from(x, (v, i) => v * byPosition.data[Math.floor(i / 3)]!),
    );
    const grown = network([2, 3], (b, v) => arithmetic(b, 'layer', 'add', v, wider));
    expect(grown.values.get(grown.outputs[0]!)?.shape).toEqual([2, 2, 3]);
    await expectComputes(
      grown,
      x,
      Array.from({ length: 12 }, (_, i) => x[i % 6]! + wider.data[Math.floor(i / 6)]!),
    );
  });

  it('refuses constants alone', () => {
    expect(() => network([2], (b) => arithmetic(b, 'sum', 'add', one(1), one(2)))).toThrow('calculates with constants alone');
  });
});

it('a bound beyond all values widens no range', async () => {
  const net = network([4], (b, v) => clipped(b, 'clip', v, -1, 1000));
  const examples = [[Float32Array.of(-3, 1, 2, 5)]];
  const quantized = quantizeByReference(net, examples);
  expect(planActivations(net).groups).toHaveLength(1);
  // From -3 to 5 in 255 steps.
  expect(quantized.activations.get(net.outputs[0]!)?.scale).toBeCloseTo(8 / 255, 6);
  const [output] = await runFloat(writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }), examples[0]!);
  [-1, 1, 2, 5].forEach((expected, i) => expect(Math.abs((output?.[i] ?? 0) - expected)).toBeLessThan(8 / 255));
});

it('clips to other bounds', async () => {
  const x = values(6);
  await expectComputes(
    network([6], (b, v) => clipped(b, 'clip', v, -0.5, 0.25)),
    x,
    Array.from(x, (v) => Math.min(Math.max(v, -0.5), 0.25)),
  );
  expect(network([6], (b, v) => clipped(b, 'clip', v, 0, 6)).operations).toMatchObject([{ function: 'relu6' }]);
  expect(network([6], (b, v) => clipped(b, 'clip', v, 0, Infinity)).operations).toMatchObject([{ function: 'relu' }]);
});

describe('parts of a value', () => {
  it('by indices in any order, with steps as one strided crop', async () => {
    const x = values(10);
    const picked = (indices: readonly number[]): Network => network([2, 5], (b, v) => selected(b, 'pick', v, 1, indices));
    const expected = (indices: readonly number[]): number[] => [0, 5].flatMap((row) => indices.map((i) => x[row + i]!));
    await expectComputes(picked([0, 2, 4]), x, expected([0, 2, 4]));
    expect(picked([0, 2, 4]).operations).toHaveLength(1);
    await expectComputes(picked([3, 1, -1, 0]), x, expected([3, 1, 4, 0]));
    expect(() => picked([5])).toThrow('selects [5] along axis 1 of [2, 5]');
  });

  it('by lengths', async () => {
    const x = values(10);
    const net = network([2, 5], (b, v) => b.concat('swap', split(b, 'split', v, 1, [2, 3]).toReversed(), 1));
    await expectComputes(
      net,
      x,
      [0, 5].flatMap((row) => [2, 3, 4, 0, 1].map((i) => x[row + i]!)),
    );
    expect(() => network([2, 5], (b, v) => split(b, 'split', v, 1, [2, 2])[0]!)).toThrow('parts of 2, 2 do not make up axis 1 of [2, 5]');
  });
});
