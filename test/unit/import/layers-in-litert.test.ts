/** Every layer that TensorFlow.js has, imported, written in each kind of .tflite and run in LiteRT. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { transpose } from '../../../src/core/import/tensor-layouts.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { quantizeByReference } from '../tflite/quantized-reference.ts';
import { runFloat } from '../tflite/run-tflite.ts';
import { randomData } from '../fixtures/random-data.ts';
import { chains, channelsFirstNetworks, merges, type Tensor } from './tensorflow-layers.ts';
import { importFromTensorflow, randomizeWeights } from './tensorflow-model.ts';

const networks: readonly (readonly [string, () => tf.LayersModel])[] = [
  ...chains.map(([name, shape, build]) => [name, () => single(shape, build)] as const),
  ...merges.map(
    ([name, shape, build]) =>
      [
        name,
        () => {
          const xs = [0, 1, 2].map(() => tf.input({ shape: [...shape] }));
          return tf.model({ inputs: xs, outputs: build(xs[0]!, xs[1]!, xs[2]!) });
        },
      ] as const,
  ),
  ...channelsFirstNetworks.map(([name, build]) => [`channels first: ${name}`, () => single([3, 8, 6], build)] as const),
];

function single(shape: readonly number[], build: (x: Tensor) => Tensor): tf.LayersModel {
  const x = tf.input({ shape: [...shape] });
  return tf.model({ inputs: x, outputs: build(x) });
}

/** Relative to the largest output. */
const tolerances = { float: 2e-5, float16: 1e-2, dynamic: 2e-2, int8: 0.12, int16x8: 0.06 };

describe('layers compute in LiteRT as in TensorFlow.js', () => {
  it.each(networks)('%s', async (_, make) => {
    const model = make();
    randomizeWeights(model);
    const shapes = model.inputs.map(({ shape }) => shape.slice(1).map(Number));
    const examples = [1, 2, 3, 4].map((seed) =>
      shapes.map((shape, i) =>
        randomData(
          shape.reduce((a, b) => a * b, 1),
          90 * seed + i,
        ),
      ),
    );
    const { network: imported } = await importFromTensorflow(model);
    const network = prepareForDeployment(imported);
    const given = examples.map((inputs) =>
      inputs.map((data, i) => {
        const converted = network.values.get(network.inputs[i]!)!.shape;
        return converted.join() === shapes[i]!.join() ? data : transpose(data, shapes[i]!, [1, 2, 0]);
      }),
    );
    const result = model.predict(examples[0]!.map((data, i) => tf.tensor(data, [1, ...shapes[i]!])));
    const expected = Float32Array.from((Array.isArray(result) ? result[0]! : result).dataSync());
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const integer = (activationType: 'int8' | 'int16') =>
      writeTflite({
        kind: 'integer',
        quantized: quantizeByReference(network, given, activationType),
        inputType: 'float32',
        outputType: 'float32',
      });
    const files = {
      float: () => writeTflite({ kind: 'float', network }),
      float16: () => writeTflite({ kind: 'float16', network }),
      dynamic: () => writeTflite({ kind: 'dynamicRange', network }),
      int8: () => integer('int8'),
      int16x8: () => integer('int16'),
    };
    for (const [mode, write] of Object.entries(files)) {
      const [output = new Float32Array()] = await runFloat(write(), given[0]!);
      expect(output.length, mode).toBe(expected.length);
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - output[i]!)), 0) / largest;
      expect(worst, `${mode}: largest difference in parts of the largest output`).toBeLessThan(tolerances[mode as keyof typeof tolerances]);
    }
  });
});
