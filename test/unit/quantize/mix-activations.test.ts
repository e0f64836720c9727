import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import {
  layersBetweenConversions,
  layersReadingInt8,
  mixActivations,
  unmixActivations,
  withConvertedRanges,
} from '../../../src/core/quantize/mix-activations.ts';
import type { QuantizedNetwork } from '../../../src/core/quantize/quantization.ts';
import { quantizeNetwork } from '../../../src/core/quantize/quantize-network.ts';
import { roundActivations } from '../../../src/core/quantize/round-activations.ts';
import { roundedNetwork } from '../../../src/core/quantize/rounded-network.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { quantizeByReference } from '../tflite/quantized-reference.ts';
import { runInSecondRuntime } from '../tflite/second-runtime.ts';
import { largestDifference, runFloat } from '../tflite/run-tflite.ts';
import { filled, seededParameter } from '../train/training-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

/** Two convolutions, a pool and a dense layer. */
function chain(): Network {
  const b = new NetworkBuilder('chain');
  let x = b.conv2d('first', b.input([6, 6, 2]), { kernel: seededParameter([4, 3, 3, 2], 1), bias: filled([4], 0.1), activation: 'relu' });
  x = b.conv2d('second', x, { kernel: seededParameter([4, 1, 1, 4], 2), bias: filled([4], -0.05), activation: 'relu' });
  x = b.pool2d('pool', x, 'max', [2, 2]);
  return b.build([b.dense('dense', b.flatten('flatten', x), { kernel: seededParameter([3, 16], 3), bias: filled([3], 0.2) })]);
}

function int16(...layers: string[]) {
  return { layers: new Set(layers), floatInterface: false };
}

function examples(network: Network, count = 4): readonly Float32Array[][] {
  return Array.from({ length: count }, (_, i) =>
    network.inputs.map((id, k) => seededParameter(network.values.get(id)?.shape ?? [], 100 + 10 * i + k, 2).data),
  );
}

function quantized(network: Network): QuantizedNetwork {
  return quantizeByReference(network, examples(network, 8));
}

/** Each operator with the types of what it reads and writes. */
function operatorsOf(network: Network, interfaceType: 'int8' | 'float32' = 'int8'): readonly string[] {
  const bytes = writeTflite({ kind: 'integer', quantized: quantized(network), inputType: interfaceType, outputType: interfaceType });
  const [graph] = readTflite(bytes).subgraphs;
  const type = (index: number | undefined): string => graph?.tensors[index ?? -1]?.type ?? '';
  return (graph?.operators ?? []).map(
    ({ name, version, inputs, outputs }) => `${name} ${version}: ${type(inputs[0])} -> ${type(outputs[0])}`,
  );
}

describe('int16 activations of single layers', () => {
  it('stand between conversions, and reach over what has no kernel', () => {
    expect(operatorsOf(mixActivations(chain(), int16('second')))).toEqual([
      'CONV_2D 3: int8 -> int8',
      'QUANTIZE 2: int8 -> int16',
      'CONV_2D 4: int16 -> int16',
      'MAX_POOL_2D 3: int16 -> int16',
      'RESHAPE 1: int16 -> int16',
      'QUANTIZE 1: int16 -> int8',
      'FULLY_CONNECTED 4: int8 -> int8',
    ]);
  });

  it('are shared by neighbours, with a bias of int64 and zero points of 0', () => {
    const network = mixActivations(chain(), int16('second', 'dense'));
    expect(operatorsOf(network)).toEqual([
      'CONV_2D 3: int8 -> int8',
      'QUANTIZE 2: int8 -> int16',
      'CONV_2D 4: int16 -> int16',
      'MAX_POOL_2D 3: int16 -> int16',
      'RESHAPE 1: int16 -> int16',
      'FULLY_CONNECTED 7: int16 -> int16',
      'QUANTIZE 1: int16 -> int8',
    ]);
    const bytes = writeTflite({ kind: 'integer', quantized: quantized(network), inputType: 'int8', outputType: 'int8' });
    const [graph] = readTflite(bytes).subgraphs;
    const int16Tensors = graph?.tensors.filter(({ type }) => type === 'int16') ?? [];
    expect(int16Tensors.length).toBe(5);
    expect(int16Tensors.flatMap(({ quantization }) => quantization?.zeroPoints ?? [])).toEqual([0, 0, 0, 0, 0]);
    const biases = graph?.operators.flatMap(({ inputs }) => (inputs.length === 3 ? graph.tensors[inputs[2] ?? -1]?.type : []));
    expect(biases).toEqual(['int32', 'int64', 'int64']);
  });

  it('begin at a float32 input and end at a float32 output', () => {
    const all = { layers: new Set(['first', 'second', 'dense']), floatInterface: true };
    const types = operatorsOf(mixActivations(chain(), all), 'float32');
    expect(types[0]).toBe('QUANTIZE 2: float32 -> int16');
    expect(types.at(-1)).toBe('DEQUANTIZE 3: int16 -> float32');
    expect(types.filter((text) => text.includes('int8'))).toEqual([]);
  });

  it('stop where an operation has no int16 kernel', () => {
    const b = new NetworkBuilder('swish');
    const x = b.dense('before', b.input([4]), { kernel: seededParameter([4, 4], 1), bias: filled([4], 0) });
    const y = b.activation('swish', x, 'hardSwish');
    const network = b.build([b.dense('after', y, { kernel: seededParameter([2, 4], 2), bias: filled([2], 0) })]);
    expect(operatorsOf(mixActivations(network, int16('before', 'after')))).toEqual([
      'QUANTIZE 2: int8 -> int16',
      'FULLY_CONNECTED 7: int16 -> int16',
      'QUANTIZE 1: int16 -> int8',
      'HARD_SWISH 1: int8 -> int8',
      'QUANTIZE 2: int8 -> int16',
      'FULLY_CONNECTED 7: int16 -> int16',
      'QUANTIZE 1: int16 -> int8',
    ]);
  });

  it('meet int8 in an addition by one conversion, which all int8 readers share', () => {
    const b = new NetworkBuilder('residual');
    const narrow = b.dense('narrow', b.input([4]), { kernel: seededParameter([4, 4], 1) });
    const x = b.dense('wide', narrow, { kernel: seededParameter([4, 4], 2) });
    const sum = b.binary('sum', 'add', narrow, x);
    const network = mixActivations(b.build([sum, b.dense('reader', x, { kernel: seededParameter([2, 4], 3) })]), int16('wide'));
    const conversions = network.operations.filter(({ kind }) => kind === 'requantize');
    expect(conversions.map(({ output, layer }) => [output, layer])).toEqual([
      ['narrow/int16', 'wide'],
      ['wide/int8', 'wide'],
    ]);
    expect(network.operations.find(({ name }) => name === 'sum')?.inputs).toEqual(['narrow', 'wide/int8']);
    expect(network.operations.find(({ name }) => name === 'reader')?.inputs).toEqual(['wide/int8']);
  });

  it('leave a network without int16 layers as it is, and can be taken out again', () => {
    const network = chain();
    expect(mixActivations(network, int16())).toBe(network);
    expect(mixActivations(network, int16('pool'))).toBe(network);
    expect(unmixActivations(network)).toBe(network);
    expect(unmixActivations(mixActivations(network, int16('second', 'dense')))).toEqual(network);
  });

  it('change nothing for a layer whose neighbours are int8', () => {
    const between = (...layers: string[]) => layersBetweenConversions(mixActivations(chain(), int16(...layers)));
    // What `second` writes goes through the pool, which takes maxima, and becomes int8 behind it.
    expect(between('second')).toEqual(['second']);
    expect(between('first')).toEqual(['first']);
    expect(between('first', 'dense')).toEqual(['first', 'dense']);
    expect(between('second', 'dense')).toEqual([]);
    expect(layersBetweenConversions(mixActivations(chain(), { layers: new Set(['dense']), floatInterface: true }))).toEqual([]);
    // A mean of int16 is another one than that of int8.
    const b = new NetworkBuilder('mean');
    const x = b.conv2d('conv', b.input([4, 4, 1]), { kernel: seededParameter([2, 1, 1, 1], 1) });
    expect(layersBetweenConversions(mixActivations(b.build([b.pool2d('pool', x, 'average', [2, 2])]), int16('conv')))).toEqual([]);
  });

  it('name the layers in front of which int8 becomes int16', () => {
    expect(layersReadingInt8(mixActivations(chain(), int16('second', 'dense')))).toEqual(['second']);
    expect(layersReadingInt8(mixActivations(chain(), { layers: new Set(['first']), floatInterface: true }))).toEqual([]);
  });

  it('take the range of the value that is converted, unless it has its own', () => {
    const network = mixActivations(chain(), int16('second'));
    const first = { minimum: 0, maximum: 3 };
    const ranges = withConvertedRanges(network, new Map([['first', first]]));
    expect(ranges.get('first/int16')).toBe(first);
    const own = new Map([...ranges, ['first/int16', { minimum: 0, maximum: 5 }] as const]);
    expect(withConvertedRanges(network, own).get('first/int16')?.maximum).toBe(5);
  });
});

describe('in LiteRT', () => {
  it('a mixed dense layer gives what integer arithmetic by hand gives', async () => {
    const b = new NetworkBuilder('by hand');
    const kernel = { shape: [2, 3], data: Float32Array.of(1.27, -0.5, 0.25, 0.3, 0.01, -0.9) };
    const network = mixActivations(
      b.build([b.dense('dense', b.input([3]), { kernel, bias: { shape: [2], data: Float32Array.of(0.5, -1) } })]),
      { layers: new Set(['dense']), floatInterface: true },
    );
    const range = (limit: number) => ({ minimum: -limit, maximum: limit });
    // Input steps of 2^-12, output steps of 2^-11: exact in float32.
    const ranges = new Map([
      [network.inputs[0] ?? '', range(32767 / 4096)],
      ['dense', range(32767 / 2048)],
    ]);
    const bytes = writeTflite({
      kind: 'integer',
      quantized: quantizeNetwork({ network, ranges }),
      inputType: 'float32',
      outputType: 'float32',
    });
    const inputs = [
      [1, 2, 3],
      [-7.5, 0.000244140625, 7.25],
      [0.3, -0.7, 5.5],
    ];
    const weights = [
      [127, -50, 25],
      [30, 1, -90],
    ];
    for (const input of inputs) {
      const codes = input.map((value) => Math.round(value * 4096));
      const expected = weights.map((row, o) => {
        const bias = Math.round([0.5, -1][o]! / (0.01 / 4096));
        const sum = row.reduce((total, weight, i) => total + weight * (codes[i] ?? 0), bias);
        return Math.round((sum * 0.01) / 2) / 2048;
      });
      const [output] = await runFloat(bytes, [Float32Array.from(input)]);
      output!.forEach((value, o) => expect(Math.abs(value - (expected[o] ?? NaN))).toBeLessThanOrEqual(1 / 2048));
      // A step of int8 would be 257 times as large.
      output!.forEach((value, o) => expect(Math.abs(value - (expected[o] ?? NaN))).toBeLessThan(0.001));
    }
  });

  it('two int16 layers at the end come closer to float than int8 does', async () => {
    // The same 8-bit weights, so that what is left is the rounding of activations.
    const exactActivations = roundedNetwork(quantized(chain()));
    const errorOf = async (network: Network): Promise<number> => {
      const bytes = writeTflite({ kind: 'integer', quantized: quantized(network), inputType: 'float32', outputType: 'float32' });
      let sum = 0;
      for (const inputs of examples(network, 8)) {
        const [exact] = referenceOutputs(exactActivations, inputs);
        const [output] = await runFloat(bytes, inputs);
        output!.forEach((value, i) => (sum += (value - exact![i]!) ** 2));
      }
      return sum;
    };
    const int8 = await errorOf(chain());
    const mixed = await errorOf(mixActivations(chain(), { layers: new Set(['second', 'dense']), floatInterface: true }));
    const whole = await errorOf(mixActivations(chain(), { layers: new Set(['first', 'second', 'dense']), floatInterface: true }));
    expect(mixed).toBeLessThan(int8 * 0.9);
    expect(whole).toBeLessThan(mixed * 0.01);
  });

  it('and in the kernels of tfjs-tflite, a file that begins in int16 gives the same outputs to a step', async () => {
    const mixed = quantized(mixActivations(chain(), { layers: new Set(['first', 'second']), floatInterface: true }));
    const bytes = writeTflite({ kind: 'integer', quantized: mixed, inputType: 'float32', outputType: 'float32' });
    const output = mixed.activations.get(mixed.network.outputs[0] ?? '');
    expect(output?.type).toBe('int8');
    for (const inputs of examples(chain(), 4)) {
      const [values = new Float32Array(0)] = await runFloat(bytes, inputs);
      expect(largestDifference(values, await runInSecondRuntime(bytes, inputs))).toBeLessThan(1.01 * (output?.scale ?? 0));
    }
  });

  it.each([
    ['one layer inside', ['second']],
    ['the first', ['first']],
    ['the first and the last', ['first', 'dense']],
    ['neighbours at the end', ['second', 'dense']],
    ['all', ['first', 'second', 'dense']],
  ])('%s: the training engine computes the same, to a step of the output', async (_, layers) => {
    const mixed = quantized(mixActivations(chain(), int16(...layers)));
    const rounded = roundedNetwork(mixed);
    const inference = await compileInference(engine, rounded, 1, { transform: roundActivations(rounded, mixed.activations) });
    const file = await (
      await loadRuntime()
    ).load(writeTflite({ kind: 'integer', quantized: mixed, inputType: 'int8', outputType: 'int8' }));
    const input = mixed.activations.get(rounded.inputs[0] ?? '');
    const output = mixed.activations.get(rounded.outputs[0] ?? '');
    if (input === undefined || output === undefined) throw new Error('the ends are not quantized');
    expect(output.type).toBe('int8');
    for (const [values] of examples(chain(), 8)) {
      const codes = Int8Array.from(values!, (value) => Math.max(-128, Math.min(127, Math.round(value / input.scale) + input.zeroPoint)));
      const [simulated] = await inference.run([Float32Array.from(codes, (code) => (code - input.zeroPoint) * input.scale)], 1);
      const [bytes] = await file.run([new Uint8Array(codes.buffer)]);
      new Int8Array(bytes!.slice().buffer).forEach((code, i) =>
        expect(Math.abs((code - output.zeroPoint) * output.scale - simulated![i]!)).toBeLessThan(output.scale * 1.01),
      );
    }
    await file.dispose();
    await inference.dispose();
  });
});
