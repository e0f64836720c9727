/** Every layer that TensorFlow.js has, and those of Keras that it lacks, imported, written in each kind of .tflite and run in LiteRT. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { transpose } from '../../../src/core/import/tensor-layouts.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { elementCount } from '../../../src/core/network/shapes/shape.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { quantizeByReference } from '../tflite/quantized-reference.ts';
import { runFloat } from '../tflite/run-tflite.ts';
import { randomData } from '../fixtures/random-data.ts';
import { importLayers, type LayerEntry } from './keras-model-files.ts';
import { chains, channelsFirstNetworks, image, merges, type Tensor } from './tensorflow-layers.ts';
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

/** Four examples, of which the first is compared and all calibrate. */
function examplesOf(shapes: readonly (readonly number[])[]): readonly (readonly Float32Array[])[] {
  return [1, 2, 3, 4].map((seed) => shapes.map((shape, i) => randomData(elementCount(shape), 90 * seed + i)));
}

/** Writes the network in every kind of file, and compares what LiteRT gives for the first of the examples. */
async function expectInEveryMode(network: Network, examples: readonly (readonly Float32Array[])[], expected: Float32Array): Promise<void> {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  const integer = (activationType: 'int8' | 'int16') =>
    writeTflite({
      kind: 'integer',
      quantized: quantizeByReference(network, examples, activationType),
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
    const [output = new Float32Array()] = await runFloat(write(), examples[0]!);
    expect(output.length, mode).toBe(expected.length);
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - output[i]!)), 0) / largest;
    expect(worst, `${mode}: largest difference in parts of the largest output`).toBeLessThan(tolerances[mode as keyof typeof tolerances]);
  }
}

describe('layers compute in LiteRT as in TensorFlow.js', () => {
  it.each(networks)('%s', async (_, make) => {
    const model = make();
    randomizeWeights(model);
    const shapes = model.inputs.map(({ shape }) => shape.slice(1).map(Number));
    const examples = examplesOf(shapes);
    const { network: imported } = await importFromTensorflow(model);
    const network = prepareForDeployment(imported);
    const given = examples.map((inputs) =>
      inputs.map((data, i) => {
        const converted = network.values.get(network.inputs[i]!)!.shape;
        return converted.join() === shapes[i]!.join() ? data : transpose(data, shapes[i]!, [1, 2, 0]);
      }),
    );
    const result = model.predict(examples[0]!.map((data, i) => tf.tensor(data, [1, ...shapes[i]!])));
    await expectInEveryMode(network, given, Float32Array.from((Array.isArray(result) ? result[0]! : result).dataSync()));
  });
});

/** As Keras defines them, in operations of TensorFlow.js, whose own layers lack them or compute otherwise. */
const byOperations: readonly (readonly [string, readonly number[], LayerEntry, string, (x: tf.Tensor) => tf.Tensor])[] = [
  ...(['2.15.0', '3.5.0'] as const).flatMap((version) =>
    [
      ['gelu', (x: tf.Tensor) => x.mul(0.5).mul(x.div(Math.SQRT2).erf().add(1))] as const,
      [version.startsWith('2') ? 'hard_swish' : 'hard_silu', (x: tf.Tensor) => x.mul(x.add(3).relu6()).div(6)] as const,
    ].map(
      ([activation, compute]) =>
        [`Activation ${activation} of Keras ${version}`, image, activationLayer(activation), version, compute] as const,
    ),
  ),
  ['Activation hard_sigmoid of Keras 3', image, activationLayer('hard_sigmoid'), '3.5.0', (x) => x.add(3).relu6().div(6)],
  ['Activation leaky_relu of Keras 3', image, activationLayer('leaky_relu'), '3.5.0', (x) => x.leakyRelu(0.2)],
  ...(
    [
      [2, 2],
      [3, 1],
      [2, 4],
    ] as const
  ).map(
    ([down, right]) =>
      [
        `UpSampling2D, bilinear, ${down}x${right}`,
        image,
        { class_name: 'UpSampling2D', config: { size: [down, right], interpolation: 'bilinear' } },
        '2.15.0',
        (x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, [image[0]! * down, image[1]! * right], false, true),
      ] as const,
  ),
];

function activationLayer(activation: string): LayerEntry {
  return { class_name: 'Activation', config: { activation } };
}

describe('layers compute in LiteRT as in Keras', () => {
  it.each(byOperations)('%s', async (_, shape, layer, kerasVersion, compute) => {
    // Wide enough for both ends of every function.
    const scale = 3;
    const { network } = await importLayers(shape, [{ class_name: 'Rescaling', config: { scale } }, layer], [], kerasVersion);
    const examples = examplesOf([shape]);
    const expected = compute(tf.tensor(examples[0]![0]!, [1, ...shape]).mul(scale));
    await expectInEveryMode(prepareForDeployment(network), examples, Float32Array.from(expected.dataSync()));
  });
});
