/** Models that others trained; they are found through ESPALIER_TEST_DATA. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/core/import/import-model.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { expectSamePredictions } from './tensorflow-model.ts';

const data = process.env['ESPALIER_TEST_DATA'];
const model = (...path: string[]): string => join(data ?? '', 'models', ...path);

/** The numbers of a little-endian float .npy file. */
function readNpy(path: string): ArrayLike<number> {
  const bytes = readFileSync(path);
  const header = bytes.toString('latin1', 10, 10 + bytes.readUInt16LE(8));
  const body = bytes.buffer.slice(bytes.byteOffset + 10 + bytes.readUInt16LE(8), bytes.byteOffset + bytes.length);
  return header.includes('<f8') ? new Float64Array(body) : new Float32Array(body);
}

function mnistTest(count: number): { images: Uint8Array; labels: Uint8Array } {
  const images = gunzipSync(readFileSync(join(data ?? '', 'mnist', 't10k-images-idx3-ubyte.gz')));
  const labels = gunzipSync(readFileSync(join(data ?? '', 'mnist', 't10k-labels-idx1-ubyte.gz')));
  return { images: images.subarray(16, 16 + count * 784), labels: labels.subarray(8, 8 + count) };
}

function mnistCorrect(network: Network, count: number): number {
  const { images, labels } = mnistTest(count);
  let correct = 0;
  for (let i = 0; i < count; i++) {
    const [scores] = referenceOutputs(network, [Float32Array.from(images.subarray(i * 784, (i + 1) * 784), (pixel) => pixel / 255)]);
    if (scores!.indexOf(Math.max(...scores!)) === labels[i]) correct++;
  }
  return correct;
}

describe.skipIf(data === undefined)('models that others trained', () => {
  it('reproduces the stored predictions of dl4j_cnn_batch_norm, folded or not', async () => {
    const { network } = await importModel(model('h5', 'dl4j_cnn_batch_norm.h5'));
    const input = readNpy(model('h5', 'dl4j_cnn_batch_norm_input.npy'));
    const expected = readNpy(model('h5', 'dl4j_cnn_batch_norm_predictions.npy'));
    const size = 10 * 10 * 3;
    for (const candidate of [network, prepareForDeployment(network)]) {
      for (let i = 0; i < expected.length; i++) {
        const [prediction] = referenceOutputs(candidate, [Array.from({ length: size }, (_, j) => input[i * size + j]!)]);
        expect(Math.abs(prediction![0]! - expected[i]!)).toBeLessThan(1e-5);
      }
    }
  });

  it('classifies the first MNIST images with the guide’s net as its accuracy says', async () => {
    const { network, format } = await importModel(model('h5', 'mnist_notebook_seed0.h5'));
    expect(format).toBe('keras-h5');
    expect(network.values.get(network.inputs[0]!)!.shape).toEqual([28, 28]);
    expect(mnistCorrect(network, 500)).toBeGreaterThanOrEqual(485);
  });

  it.each([
    ['h5', 'moonflower_mnist_keras.h5'],
    ['keras', 'moonflower_mnist_model.keras'],
  ])('classifies MNIST with %s/%s', async (folder, file) => {
    const { network } = await importModel(model(folder, file));
    expect(mnistCorrect(network, 50)).toBeGreaterThanOrEqual(49);
  });

  it('scores 913 of the 1,000 keyword samples with the SavedModel', async () => {
    const { network, format } = await importModel(model('savedmodel', 'kws_ref_model'));
    expect(format).toBe('saved-model');
    const codes = new Int8Array(readFileSync(join(data ?? '', 'kws01', 'mfcc_1000x49x10.i8')));
    const labels = readFileSync(join(data ?? '', 'kws01', 'y_labels.csv'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line.split(',').at(-1)));
    const deployed = prepareForDeployment(network);
    // Every tenth sample of the full set in the suite; 913 of 1,000 was checked on all.
    let correct = 0;
    const indices = Array.from({ length: process.env['ESPALIER_FULL'] === undefined ? 100 : 1000 }, (_, i) =>
      process.env['ESPALIER_FULL'] === undefined ? i * 10 : i,
    );
    for (const i of indices) {
      const [scores] = referenceOutputs(deployed, [Array.from(codes.subarray(i * 490, (i + 1) * 490), (code) => (code - 83) * 0.5847029)]);
      if (scores!.indexOf(Math.max(...scores!)) === labels[i]) correct++;
    }
    if (indices.length === 1000) expect(correct).toBe(913);
    else expect(correct).toBeGreaterThanOrEqual(85);
  });

  it('computes the same from pretrainedResnet.h5, once prepared for deployment, as from its published .tflite', async () => {
    const keras = prepareForDeployment((await importModel(model('h5', 'pretrainedResnet.h5'))).network);
    const tflite = (await importModel(model('tflite', 'pretrainedResnet.tflite'))).network;
    const random = createRandom(5);
    const image = Array.from({ length: 32 * 32 * 3 }, () => random.integer(256));
    const [expected] = referenceOutputs(tflite, [image]);
    referenceOutputs(keras, [image])[0]!.forEach((score, i) => {
      expect(Math.abs(score - expected![i]!)).toBeLessThan(2.1e-6);
    });
  });

  it('predicts abalones’ ages as TensorFlow.js does', async () => {
    const { modelTopology, weightsManifest } = JSON.parse(readFileSync(model('tfjs', 'abalone', 'model.json'), 'utf8')) as {
      modelTopology: object;
      weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
    };
    const weightData = new Uint8Array(readFileSync(model('tfjs', 'abalone', 'weights.bin'))).buffer;
    const original = await tf.loadLayersModel({
      load: () => Promise.resolve({ modelTopology, weightData, weightSpecs: weightsManifest.flatMap(({ weights }) => weights) }),
    });
    const imported = await importModel(model('tfjs', 'abalone'));
    const width = Number(original.inputs[0]!.shape[1]);
    for (let seed = 0; seed < 20; seed++) expectSamePredictions(imported, original, [randomData(width, seed)]);
  });

  it.each(['pretrainedResnet_quant.tflite', 'kws_ref_model.tflite', 'tflm_micro_speech_quantized.tflite'])(
    'refuses %s, which is quantized already',
    async (file) => {
      await expect(importModel(model('tflite', file))).rejects.toMatchObject({
        code: 'unsupported-model',
        message: expect.stringMatching(/quantized already.*float model/) as string,
      });
    },
  );

  it.each([
    ['keras', 'pre_pr22362_nested_container.keras', /subclassed.*rebuild it/],
    ['savedmodel', 'times_three_float', /without a Keras config/],
  ])('refuses %s/%s and says what to do', async (folder, file, message) => {
    await expect(importModel(model(folder, file))).rejects.toMatchObject({
      code: 'unsupported-model',
      message: expect.stringMatching(message) as string,
    });
  });

  it('an LSTM of ten steps predicts as TensorFlow.js does with the same weights', async () => {
    const { network } = await importModel(model('h5', 'dl4j_lstm_functional_tf_keras_2.h5'));
    const parameter = (id: string): tf.Tensor => {
      const { shape, data } = network.parameters.get(id)!;
      return tf.tensor(data, [...shape]);
    };
    const layers = [
      tf.layers.lstm({ inputShape: [10, 4], units: 8, recurrentActivation: 'hardSigmoid' }),
      tf.layers.dense({ units: 5, activation: 'softmax' }),
    ];
    const original = tf.sequential({ layers });
    const ids = ['lstm', 'lstm/recurrent'].map((id) => parameter(`${id}/kernel`).transpose());
    layers[0]!.setWeights([...ids, parameter('lstm/bias')]);
    layers[1]!.setWeights([parameter('outputLayer_a/kernel').transpose(), parameter('outputLayer_a/bias')]);
    for (let seed = 0; seed < 5; seed++) {
      const x = randomData(40, seed);
      const expected = (original.predict(tf.tensor(x, [1, 10, 4])) as tf.Tensor).dataSync();
      referenceOutputs(network, [x])[0]!.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 5);
      });
    }
  });
});
