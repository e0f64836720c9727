import { describe, expect, it } from 'vitest';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { operationNetworks, randomInputs } from './operation-networks.ts';
import { quantizeByReference, quantizedOutput } from './quantized-reference.ts';
import { largestDifference } from './run-tflite.ts';
import { runInSecondRuntime } from './second-runtime.ts';

/** TensorFlow of 2022, which this runtime is built from, has no int8 kernel for them. */
const laterInInt8 = new Set(['exp', 'log', 'sqrt']);

describe('in tfjs-tflite', () => {
  it.each(operationNetworks.map((network) => [network.name, network] as const))(
    '%s is the same in float and to one step in int8',
    async (_name, network) => {
      const examples = [1, 2, 3].map((seed) => randomInputs(network, seed));
      const [inputs = []] = examples;
      expect(
        largestDifference(
          await runInSecondRuntime(writeTflite({ kind: 'float', network }), inputs),
          referenceOutputs(network, inputs)[0] ?? [],
        ),
      ).toBeLessThan(1e-5);
      if (laterInInt8.has(network.name)) return;
      const quantized = quantizeByReference(network, examples);
      const output = await runInSecondRuntime(
        writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }),
        inputs,
      );
      const scale = quantized.activations.get(network.outputs[0] ?? '')?.scale ?? 0;
      expect(largestDifference(output, quantizedOutput(quantized, inputs)) / scale).toBeLessThan(1.05);
    },
  );
});
