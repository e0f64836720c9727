import path from 'node:path';
import { expect, it } from 'vitest';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { inputsOf } from '../../../src/core/data/inputs/model-inputs.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { calibrate } from '../../../src/core/quantize/calibrate.ts';
import type { QuantizedNetwork } from '../../../src/core/quantize/quantization.ts';
import { quantizeNetwork } from '../../../src/core/quantize/quantize-network.ts';
import { roundActivations } from '../../../src/core/quantize/round-activations.ts';
import { roundedNetwork } from '../../../src/core/quantize/rounded-network.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import type { Constraints } from '../../../src/core/constraints/constraint.ts';
import { fineTune } from '../../../src/core/train/fine-tune.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { quantize } from '../../support/apply-technique.ts';
import { techniqueContext } from '../techniques/technique-fixtures.ts';
import { filled, halves, seededParameter, settings } from './training-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });

it('what quantization-aware training computes is what the int8 .tflite computes, to one step of its output', async () => {
  const b = new NetworkBuilder('aware');
  let x = b.conv2d('conv', b.input([4, 4, 1]), {
    kernel: seededParameter([4, 3, 3, 1], 1),
    bias: filled([4], 0),
    padding: 'same',
    activation: 'relu',
  });
  x = b.depthwiseConv2d('depthwise', x, {
    kernel: seededParameter([1, 3, 3, 4], 2),
    bias: filled([4], 0),
    padding: 'same',
    activation: 'relu6',
  });
  x = b.pool2d('pool', x, 'max', [2, 2]);
  x = b.dense('dense', b.flatten('flatten', x), { kernel: seededParameter([2, 16], 3), bias: filled([2], 0) });
  const network = b.build([x]);
  const grid = (axis: number | undefined, length: number): Constraints => [
    {
      kind: 'integerGrid',
      granularity: axis === undefined ? { kind: 'tensor' } : { kind: 'channel', axis },
      scales: filled([length], 0.01).data,
    },
  ];
  const constraints = new Map([
    ['conv/kernel', grid(0, 4)],
    ['depthwise/kernel', grid(3, 4)],
    ['dense/kernel', grid(undefined, 1)],
  ]);
  const train = halves(64);
  const signal = new AbortController().signal;
  const ranges = await calibrate({ engine, network, data: train, samples: 64, signal });
  const tuned = await fineTune(settings(engine, { network, constraints, train, activations: { ranges, freezeAfterStep: 6, decay: 0.9 } }));
  expect([...tuned.ranges.values()]).not.toEqual([...ranges.values()]);

  const quantized = quantizeNetwork({ network: tuned.network, ranges: tuned.ranges, constraints: tuned.constraints });
  const { equal, withinOneStep } = await agreement(quantized, halves(64, 17), 64);
  expect(withinOneStep).toBe(1);
  expect(equal).toBeGreaterThan(0.98);
});

it('integer means of an average pool round halves away from code 0, as the kernels do', async () => {
  const b = new NetworkBuilder('pool');
  const network = b.build([b.pool2d('pool', b.input([4, 4, 1]), 'average', [2, 2])]);
  // Codes are the values themselves; the means of the tiles are -2.5, 2.5, -0.25 and 100.75.
  const pixels = [-2, -3, 2, 3, -2, -3, 2, 3, 0, 0, 100, 101, 0, -1, 101, 101];
  const ranges = new Map([[network.inputs[0] ?? '', { minimum: -128, maximum: 127 }]]);
  const inference = await compileInference(engine, network, 1, {
    transform: roundActivations(network, quantizeNetwork({ network, ranges }).activations),
  });
  const [simulated] = await inference.run([Float32Array.from(pixels)], 1);
  expect([...(simulated ?? [])].map(Math.round)).toEqual([-3, 3, 0, 101]);
  expect(await deployedOutput(quantizeNetwork({ network, ranges }), Float32Array.from(pixels))).toEqual(simulated);
});

it('with int16 activations too, whose range is a hundred times as fine', async () => {
  const b = new NetworkBuilder('wide');
  const x = b.conv2d('conv', b.input([4, 4, 1]), { kernel: seededParameter([4, 3, 3, 1], 1), bias: filled([4], 0.1), activation: 'relu' });
  const network = b.build([b.dense('dense', b.flatten('flatten', x), { kernel: seededParameter([2, 16], 3), bias: filled([2], 0) })]);
  const signal = new AbortController().signal;
  const ranges = await calibrate({ engine, network, data: halves(64), samples: 64, signal });
  const quantized = quantizeNetwork({ network, ranges, activationType: 'int16' });
  const { withinOneStep } = await agreement(quantized, halves(64), 32);
  expect(withinOneStep).toBe(1);
});

const root = process.env['ESPALIER_TEST_DATA'];

it.skipIf(root === undefined).each<readonly [string, string, DataSpec]>([
  [
    'the published ResNet-8 (residual additions, an average pool)',
    'models/h5/pretrainedResnet.h5',
    { format: 'cifar-binary', train: ['cifar10/cifar10_train_0_3999.bin.gz'], testFraction: 0.1, preprocessing: { scale: 1 } },
  ],
  [
    'the published keyword DS-CNN (depthwise, an average pool)',
    'models/savedmodel/kws_ref_model',
    {
      format: 'raw',
      train: { inputs: 'kws01/mfcc_1000x49x10.i8', labels: 'kws01/y_labels.csv' },
      shape: [49, 10, 1],
      type: 'int8',
      labelColumn: 2,
      preprocessing: { scale: 0.5847029, offset: -48.5303407 },
    },
  ],
])('on real networks and data: %s', async (_, model, spec) => {
  const { network } = await importModel(path.join(root ?? '', model));
  const data = await openData(spec, root ?? '', { seed: 0, modelInputs: inputsOf(network) });
  const quantized = await quantize(
    { network, constraints: new Map(), ranges: undefined },
    { ...techniqueContext(engine), data },
    { calibrationSamples: 64 },
  );
  // Without the softmax, whose steps near 0 and 1 hide what the network computes.
  const logits = quantized.network.operations.at(-1)?.inputs.slice(0, 1) ?? [];
  const { equal, withinOneStep } = await agreement({ ...quantized, network: { ...quantized.network, outputs: logits } }, data.test, 32);
  // The runtime scales by integers, which tips a code here and there; with each layer that follows there are more of them.
  expect(withinOneStep).toBeGreaterThan(0.95);
  expect(equal).toBeGreaterThan(0.85);
});

/** Parts of the outputs that are the same in the training graph and in LiteRT, and that differ by one step at most. */
async function agreement(
  quantized: QuantizedNetwork,
  data: DataSet,
  examples: number,
): Promise<{ readonly equal: number; readonly withinOneStep: number }> {
  const {
    inputs: [inputs = new Float32Array(0)],
  } = await data.read(Uint32Array.from({ length: examples }, (_, i) => i));
  const { activations } = quantized;
  const rounded = roundedNetwork(quantized);
  const inference = await compileInference(engine, rounded, examples, {
    transform: roundActivations(rounded, activations),
  });
  const [simulated = new Float32Array(0)] = await inference.run([inputs], examples);
  await inference.dispose();
  const step = quantized.activations.get(quantized.network.outputs[0] ?? '')?.scale ?? 0;
  const [each, size] = [simulated.length / examples, inputs.length / examples];
  let equal = 0;
  let withinOneStep = 0;
  for (let i = 0; i < examples; i++) {
    const deployed = await deployedOutput(quantized, inputs.slice(i * size, (i + 1) * size));
    deployed.forEach((value, k) => {
      const difference = Math.abs(value - (simulated[i * each + k] ?? Number.NaN)) / step;
      equal += difference < 0.01 ? 1 : 0;
      withinOneStep += difference < 1.01 ? 1 : 0;
    });
  }
  return { equal: equal / simulated.length, withinOneStep: withinOneStep / simulated.length };
}

async function deployedOutput(quantized: QuantizedNetwork, input: Float32Array): Promise<Float32Array> {
  const interpreter = await (
    await loadRuntime()
  ).load(writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }));
  const [output = new Uint8Array(0)] = await interpreter.run([new Uint8Array(input.slice().buffer)]);
  const values = new Float32Array(output.slice().buffer);
  await interpreter.dispose();
  return values;
}
