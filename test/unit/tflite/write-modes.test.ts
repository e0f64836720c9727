import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { floatNetworks, operationNetworks, randomInputs, randomParameter } from './operation-networks.ts';
import { quantizeByReference, quantizedOutput } from './quantized-reference.ts';
import { largestDifference, runFloat } from './run-tflite.ts';

const builder = new NetworkBuilder('classifier');
const convolved = builder.conv2d('conv', builder.input([8, 8, 4]), {
  kernel: randomParameter([32, 3, 3, 4], 0.1),
  bias: randomParameter([32], 0.1),
  padding: 'same',
  activation: 'relu',
});
const classifier = builder.build([
  builder.activation(
    'softmax',
    builder.dense('dense', builder.flatten('flatten', convolved), {
      kernel: randomParameter([5, 2048], 0.02),
      bias: randomParameter([5], 0.1),
    }),
    'softmax',
  ),
]);
const examples = [1, 2, 3].map((seed) => randomInputs(classifier, seed));
const [inputs = []] = examples;
const exact = referenceOutputs(classifier, inputs)[0] ?? [];

describe('int16 activations with int8 weights', () => {
  it.each([...operationNetworks, ...floatNetworks].map((network) => [network.name, network] as const))(
    'compute %s to two steps',
    async (_name, network) => {
      const samples = [1, 2, 3].map((seed) => randomInputs(network, seed));
      const quantized = quantizeByReference(network, samples, 'int16');
      const [output = new Float32Array()] = await runFloat(
        writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }),
        samples[0] ?? [],
      );
      const scale = quantized.activations.get(network.outputs[0] ?? '')?.scale ?? 0;
      expect(largestDifference(output, quantizedOutput(quantized, samples[0] ?? [])) / scale).toBeLessThan(2);
    },
  );
});

describe('smaller weights with float activations', () => {
  it('float16 halves them and stays close', async () => {
    const bytes = writeTflite({ kind: 'float16', network: classifier });
    const [output = new Float32Array()] = await runFloat(bytes, inputs);
    expect(largestDifference(output, exact)).toBeLessThan(2e-3);
    expect(bytes.length / writeTflite({ kind: 'float', network: classifier }).length).toBeLessThan(0.62);
  });

  it('dynamic range stores kernels of 1,024 elements and more as int8', async () => {
    const bytes = writeTflite({ kind: 'dynamicRange', network: classifier });
    const stored = new Map(readTflite(bytes).subgraphs[0]?.tensors.map((tensor) => [tensor.name, tensor]));
    expect(stored.get('conv/kernel')?.type).toBe('int8');
    expect(stored.get('conv/kernel')?.quantization?.scales).toHaveLength(32);
    expect(stored.get('dense/kernel')?.quantization?.scales).toHaveLength(1);
    expect(stored.get('conv/bias')?.type).toBe('float32');
    const [output = new Float32Array()] = await runFloat(bytes, inputs);
    expect(largestDifference(output, exact)).toBeLessThan(0.03);
  });
});

describe('inputs and outputs of an int8 file', () => {
  const quantized = quantizeByReference(classifier, examples);

  it('as uint8 are the int8 ones moved by 128', async () => {
    const runtime = await loadRuntime();
    const signed = await runtime.load(writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' }));
    const unsigned = await runtime.load(writeTflite({ kind: 'integer', quantized, inputType: 'uint8', outputType: 'uint8' }));
    const codes = Uint8Array.from({ length: 256 }, (_, i) => (i * 7) & 0xff);
    const [expected = new Uint8Array()] = await signed.run([codes.map((code) => code ^ 0x80)]);
    const [found] = await unsigned.run([codes]);
    expect(found).toEqual(expected.map((code) => code ^ 0x80));
    expect(unsigned.inputs[0]?.quantization?.zeroPoints[0]).toBe((signed.inputs[0]?.quantization?.zeroPoints[0] ?? 0) + 128);
    await Promise.all([signed.dispose(), unsigned.dispose()]);
  });

  it('refuse a type that the activations do not have', () => {
    expect(() => writeTflite({ kind: 'integer', quantized, inputType: 'int16', outputType: 'int8' })).toThrow(
      /int16 does not go with int8 activations; choose int8, uint8 or float32/,
    );
  });

  it('name the versions of operators, the signature and the oldest runtime', () => {
    const model = readTflite(writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' }));
    expect(model.subgraphs[0]?.operators.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'CONV_2D 3',
      'RESHAPE 1',
      'FULLY_CONNECTED 4',
      'SOFTMAX 2',
    ]);
    expect(model.signatures.map(({ key }) => key)).toEqual(['serving_default']);
    expect(new TextDecoder().decode(model.metadata[0]?.data).replaceAll('\0', '')).toBe('1.14.0');
    const output = model.subgraphs[0]?.tensors[model.subgraphs[0].outputs[0] ?? 0];
    expect(output?.quantization).toEqual({ scales: [1 / 256], zeroPoints: [-128], axis: 0 });
  });
});
