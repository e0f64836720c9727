import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { calibrate } from '../../../src/core/quantize/calibrate.ts';
import { quantizeNetwork } from '../../../src/core/quantize/quantize-network.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import type { Constraints } from '../../../src/core/constraints/constraint.ts';
import { fineTune } from '../../../src/core/train/fine-tune.ts';
import { compileInference } from '../../../src/core/train/inference.ts';
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
  const interpreter = await (
    await loadRuntime()
  ).load(writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }));
  const { inputs } = await halves(64, 17).read(Uint32Array.from({ length: 64 }, (_, i) => i));
  const inference = await compileInference(engine, tuned.network, 64, { activations: quantized.activations });
  const [simulated = new Float32Array(0)] = await inference.run([inputs], 64);
  const step = quantized.activations.get(network.outputs[0] ?? '')?.scale ?? 0;
  let equal = 0;
  for (let i = 0; i < 64; i++) {
    const [output = new Uint8Array(0)] = await interpreter.run([new Uint8Array(inputs.slice(i * 16, (i + 1) * 16).buffer)]);
    new Float32Array(output.slice().buffer).forEach((deployed, k) => {
      const difference = Math.abs(deployed - (simulated[2 * i + k] ?? Number.NaN)) / step;
      expect(difference).toBeLessThan(1.01);
      equal += difference < 0.01 ? 1 : 0;
    });
  }
  expect(equal / 128).toBeGreaterThan(0.9);
  await interpreter.dispose();
});
