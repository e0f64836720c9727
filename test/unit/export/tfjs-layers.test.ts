import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { dsCnn } from '../../../src/core/models/ds-cnn.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { mobileNetV1 } from '../../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import { resnet8 } from '../../../src/core/models/resnet-8.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { referenceOutputs } from '../network/reference-executor.ts';

const networks: readonly (readonly [string, Network])[] = [
  ['the guide’s MNIST net', mnistCnn({ seed: 1 })],
  ['DS-CNN-S', dsCnn({ size: 'S', seed: 2 })],
  ['ResNet-8', resnet8({ seed: 3, inputSize: 16 })],
  ['MobileNet_v1', mobileNetV1({ alpha: 0.25, inputSize: 32, classes: 10, seed: 4 })],
  ['MobileNet-V2', mobileNetV2({ alpha: 0.35, inputSize: 32, classes: 10, seed: 5 })],
];

function randomInput(network: Network): Float32Array {
  const random = createRandom(9);
  const shape = network.values.get(network.inputs[0]!)!.shape;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
}

async function throughFolder<T>(network: Network, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-'));
  try {
    const { json, weights } = writeTfjsLayers(network);
    await writeFile(join(folder, 'model.json'), json);
    await writeFile(join(folder, 'weights.bin'), weights);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('TFJS layers models', () => {
  it.each(networks)('%s computes the same after writing and reading', async (_, network) => {
    const { network: read, format } = await throughFolder(network, importModel);
    expect(format).toBe('tfjs-layers');
    const input = randomInput(network);
    expect(referenceOutputs(read, [input])[0]).toEqual(referenceOutputs(network, [input])[0]);
  });

  it.each(networks)('TensorFlow.js itself opens %s and computes the same', async (_, network) => {
    const { json, weights } = writeTfjsLayers(network);
    const { modelTopology, weightsManifest } = JSON.parse(json) as {
      modelTopology: object;
      weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
    };
    const model = await tf.loadLayersModel({
      load: () => Promise.resolve({ modelTopology, weightSpecs: weightsManifest[0]!.weights, weightData: weights.slice().buffer }),
    });
    const input = randomInput(network);
    const shape = network.values.get(network.inputs[0]!)!.shape;
    const result = await (model.predict(tf.tensor(input, [1, ...shape])) as tf.Tensor).data();
    const [expected] = referenceOutputs(network, [input]);
    expected!.forEach((value, i) => {
      expect(Math.abs(result[i]! - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
    });
  });
});
