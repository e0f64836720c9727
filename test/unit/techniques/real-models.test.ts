/** Filter pruning and data-free quantization on networks as people deploy them, trained by others where they are there. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import type { DataSplits } from '../../../src/core/data/dataset.ts';
import { inputsOf } from '../../../src/core/data/inputs/model-inputs.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { dsCnn } from '../../../src/core/models/ds-cnn.ts';
import { mobileNetV1 } from '../../../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { elementCount } from '../../../src/core/network/shapes/shape.ts';
import { validateNetwork } from '../../../src/core/network/validate-network.ts';
import { roundedNetwork } from '../../../src/core/quantize/rounded-network.ts';
import { channelGroups } from '../../../src/core/techniques/filter-pruning/channel-groups.ts';
import { chooseFilters } from '../../../src/core/techniques/filter-pruning/choose-filters.ts';
import { removeChannels } from '../../../src/core/techniques/filter-pruning/remove-channels.ts';
import { equalizeLayers } from '../../../src/core/techniques/post-training/equalize-layers.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { randomData } from '../fixtures/random-data.ts';
import { largestDifference, runFloat } from '../tflite/run-tflite.ts';
import { halfOf, masked } from './filter-fixtures.ts';
import { quantize } from '../../support/apply-technique.ts';
import { techniqueContext } from './technique-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
const root = process.env['ESPALIER_TEST_DATA'];

type Subject = readonly [name: string, load: () => Promise<Network>];

const built: readonly Subject[] = [
  ['DS-CNN-S', () => Promise.resolve(dsCnn({ size: 'S', seed: 1 }))],
  ['MobileNetV1 0.25', () => Promise.resolve(mobileNetV1({ alpha: 0.25, inputSize: 32, classes: 10, seed: 1 }))],
  ['MobileNetV2 0.35', () => Promise.resolve(mobileNetV2({ alpha: 0.35, inputSize: 32, classes: 10, seed: 1 }))],
];
const load = async (file: string): Promise<Network> => (await importModel(path.join(root ?? '', 'models', file))).network;
const published: readonly Subject[] =
  root === undefined
    ? []
    : [
        ['the published ResNet-8', () => load('h5/pretrainedResnet.h5')],
        ['the published keyword DS-CNN', () => load('savedmodel/kws_ref_model')],
      ];

async function outputsOf(network: Network, x: Float32Array): Promise<Float32Array> {
  const inference = await compileInference(engine, network, 1);
  const [output = new Float32Array(0)] = await inference.run([x], 1);
  await inference.dispose();
  return output;
}

/** Pixels or features of both signs, as large as the network's data are. */
function inputOf(network: Network): Float32Array {
  return randomData(elementCount(network.values.get(network.inputs[0] ?? '')?.shape ?? []), 5).map((value) => value * 10);
}

describe('without half of its filters', () => {
  it.each([...built, ...published])('%s computes what it does with them silenced, on the engine and in LiteRT', async (_, get) => {
    const network = await get();
    const groups = channelGroups(network);
    const removed = chooseFilters(network, groups, halfOf(network));
    const smaller = removeChannels(network, groups, removed);
    validateNetwork(smaller);
    const parameters = (of: Network): number => [...of.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
    // Kernels between two layers that both lose half shrink to a quarter.
    expect(parameters(smaller)).toBeLessThan(0.45 * parameters(network));
    const x = inputOf(network);
    const expected = await outputsOf(masked(network, removed), x);
    const size = Math.max(...expected.map(Math.abs), 1);
    expect(largestDifference(await outputsOf(smaller, x), expected) / size).toBeLessThan(1e-4);
    const [deployed = new Float32Array(0)] = await runFloat(writeTflite({ kind: 'float', network: prepareForDeployment(smaller) }), [x]);
    expect(largestDifference(deployed, expected) / size).toBeLessThan(1e-4);
  });
});

describe('with its layers equalized', () => {
  it.each([...built, ...published])('%s computes what it did', async (_, get) => {
    const network = prepareForDeployment(await get());
    const x = inputOf(network);
    const expected = await outputsOf(network, x);
    const size = Math.max(...expected.map(Math.abs), 1);
    expect(largestDifference(await outputsOf(equalizeLayers(network, new Map()), x), expected) / size).toBeLessThan(1e-3);
  });
});

const keywords: DataSpec = {
  format: 'raw',
  train: { inputs: 'kws01/mfcc_1000x49x10.i8', labels: 'kws01/y_labels.csv' },
  shape: [49, 10, 1],
  type: 'int8',
  labelColumn: 2,
  preprocessing: { scale: 0.5847029, offset: -48.5303407 },
};
const pictures: DataSpec = { format: 'cifar-binary', train: ['cifar10/cifar10_train_0_3999.bin.gz'], preprocessing: { scale: 1 } };

describe.skipIf(root === undefined)('with biases corrected', () => {
  it.each<readonly [string, string, DataSpec]>([
    ['the published keyword DS-CNN', 'savedmodel/kws_ref_model', keywords],
    ['the published ResNet-8', 'h5/pretrainedResnet.h5', pictures],
  ])('the kernels of %s, rounded alone, shift the mean of its logits less', async (_, file, spec) => {
    const network = await load(file);
    const data = await openData({ ...spec, limit: { train: 256 } }, root ?? '', {
      seed: 0,
      modelInputs: inputsOf(network),
    });
    const plain = await meanShift(network, data, false);
    expect(await meanShift(network, data, true)).toBeLessThan(0.8 * plain);
  });
});

/** Mean over the logits of |mean over examples of (rounded - float)|, activations left in float. */
async function meanShift(network: Network, data: DataSplits, biasCorrection: boolean): Promise<number> {
  const context = { ...techniqueContext(engine), data };
  const model = { network, constraints: new Map(), ranges: undefined };
  const quantized = await quantize(model, context, { calibrationSamples: 128, biasCorrection });
  const deployed = prepareForDeployment(network);
  const logits = deployed.operations.at(-1)?.inputs.slice(0, 1) ?? [];
  const examples = Math.min(64, data.train.size);
  const { inputs } = await data.train.read(Uint32Array.from({ length: examples }, (_, i) => i));
  const [float, rounded] = await Promise.all(
    [deployed, roundedNetwork(quantized)].map(async (each) => {
      const inference = await compileInference(engine, each, examples, { outputs: logits });
      const [values = new Float32Array(0)] = await inference.run(inputs, examples);
      await inference.dispose();
      return values;
    }),
  );
  const classes = (float?.length ?? 0) / examples;
  const shifts = new Float64Array(classes);
  float?.forEach((value, i) => {
    shifts[i % classes] = (shifts[i % classes] ?? 0) + ((rounded?.[i] ?? 0) - value) / examples;
  });
  return shifts.reduce((sum, shift) => sum + Math.abs(shift), 0) / classes;
}
