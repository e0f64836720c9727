import { describe, expect, it } from 'vitest';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { floatIslandsWarning } from '../../../src/core/quantize/integer-kernels.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { compositeNetworks, embeddingNetwork, floatNetworks, operationNetworks, randomInputs } from './operation-networks.ts';
import { quantizeByReference, quantizedOutput } from './quantized-reference.ts';
import { largestDifference, runFloat } from './run-tflite.ts';

describe('a float .tflite in LiteRT', () => {
  it.each([...operationNetworks, ...floatNetworks].map((network) => [network.name, network] as const))(
    'computes %s as written down',
    async (_name, network) => {
      const inputs = randomInputs(network, 1);
      const [output = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network }), inputs);
      expect(largestDifference(output, referenceOutputs(network, inputs)[0] ?? [])).toBeLessThan(1e-5);
    },
  );

  it.each(compositeNetworks.map((network) => [network.name, network] as const))(
    'computes %s by operators that it has',
    async (_, network) => {
      const inputs = randomInputs(network, 1);
      const [output = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network: prepareForDeployment(network) }), inputs);
      expect(largestDifference(output, referenceOutputs(network, inputs)[0] ?? [])).toBeLessThan(1e-5);
    },
  );

  it('looks rows up by int32 inputs', async () => {
    const bytes = writeTflite({ kind: 'float', network: embeddingNetwork });
    expect(readTflite(bytes).subgraphs[0]?.tensors[0]?.type).toBe('int32');
    const rows = Int32Array.of(3, 1, 4, 1, 5, 9);
    const [output = new Float32Array()] = await runFloat(bytes, [new Float32Array(rows.buffer)]);
    expect(largestDifference(output, referenceOutputs(embeddingNetwork, [rows])[0] ?? [])).toBeLessThan(1e-6);
  });

  it('computes each example of a larger static batch', async () => {
    const [network] = operationNetworks;
    if (network === undefined) throw new Error('no network');
    const examples = [1, 2, 3].map((seed) => randomInputs(network, seed));
    const batch = Float32Array.from(examples.flatMap(([input]) => Array.from(input ?? [])));
    const [output = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network }, { batchSize: 3 }), [batch]);
    const expected = examples.flatMap((inputs) => Array.from(referenceOutputs(network, inputs)[0] ?? []));
    expect(largestDifference(output, expected)).toBeLessThan(1e-5);
  });
});

describe('an int8 .tflite in LiteRT', () => {
  it.each([...operationNetworks, ...floatNetworks].map((network) => [network.name, network] as const))(
    'computes %s to one quantization step',
    async (_name, network) => {
      const examples = [1, 2, 3].map((seed) => randomInputs(network, seed));
      const quantized = quantizeByReference(network, examples);
      const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' });
      const scale = quantized.activations.get(network.outputs[0] ?? '')?.scale ?? 0;
      for (const inputs of examples) {
        const [output = new Float32Array()] = await runFloat(bytes, inputs);
        expect(largestDifference(output, quantizedOutput(quantized, inputs)) / scale).toBeLessThan(1.05);
      }
    },
  );

  it.each(compositeNetworks.map((network) => [network.name, network] as const))(
    'computes %s to the steps of its parts',
    async (_name, whole) => {
      const network = prepareForDeployment(whole);
      const examples = [1, 2, 3].map((seed) => randomInputs(network, seed));
      const quantized = quantizeByReference(network, examples);
      const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' });
      const [output = new Float32Array()] = await runFloat(bytes, examples[0] ?? []);
      const scale = quantized.activations.get(network.outputs[0] ?? '')?.scale ?? 0;
      expect(largestDifference(output, quantizedOutput(quantized, examples[0] ?? [])) / scale).toBeLessThan(3);
    },
  );

  it.each([...operationNetworks, embeddingNetwork].map((network) => [network.name, network] as const))(
    'holds no float tensor for %s',
    (_name, network) => {
      const examples = [network === embeddingNetwork ? [Float32Array.of(1, 2, 3, 4, 5, 6)] : randomInputs(network, 1)];
      const bytes = writeTflite({
        kind: 'integer',
        quantized: quantizeByReference(network, examples),
        inputType: 'int8',
        outputType: 'int8',
      });
      const types = readTflite(bytes).subgraphs[0]?.tensors.map((tensor) => tensor.type);
      expect(types?.filter((type) => type.startsWith('float'))).toEqual([]);
    },
  );
});

it('an integer file that computes in float somewhere says where', () => {
  const [erf, div] = ['erf', 'div'].map((name) => floatNetworks.find((network) => network.name === name)!);
  expect(floatIslandsWarning(erf!, 'int8')).toMatch(
    /^computes in float at "activation" \(erf\): there is no sound int8 kernel, so the file is not integer/,
  );
  expect(floatIslandsWarning(div!, 'int16')).toMatch(/"binary" \(div\)/);
  expect(operationNetworks.map((network) => floatIslandsWarning(network, 'int8')).filter((text) => text !== undefined)).toEqual([]);
});

describe('writing and reading', () => {
  it.each(operationNetworks.map((network) => [network.name, network] as const))('gives the same model back for %s', (_name, network) => {
    const quantized = quantizeByReference(network, [randomInputs(network, 1)]);
    const model = readTflite(writeTflite({ kind: 'integer', quantized, inputType: 'uint8', outputType: 'float32' }));
    expect(readTflite(serializeTflite(model))).toEqual(model);
  });

  it('aligns the data of every weight to 16 bytes', () => {
    for (const network of operationNetworks) {
      const bytes = writeTflite({ kind: 'float', network });
      const offsets = readTflite(bytes).subgraphs[0]?.tensors.flatMap(({ data }) =>
        data === undefined ? [] : [data.byteOffset - bytes.byteOffset],
      );
      expect(offsets?.filter((offset) => offset % 16 !== 0)).toEqual([]);
    }
  });
});
