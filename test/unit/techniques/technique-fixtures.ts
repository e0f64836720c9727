/** A small residual network with a 1x1 and a depthwise convolution, and what techniques need to run on it in a moment. */
import type { DataSplits } from '../../../src/core/data/dataset.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import type { Network, Parameter } from '../../../src/core/network/network.ts';
import { type BatchNormOptions, NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { QuantizedNetwork } from '../../../src/core/quantize/quantization.ts';
import { quantizeWeights } from '../../../src/core/quantize/weight-quantization.ts';
import type { OptimizedModel, TechniqueContext } from '../../../src/core/techniques/technique.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { filled, halves, seededParameter } from '../train/training-fixtures.ts';

export const kernelIds = ['conv/kernel', 'pointwise/kernel', 'depthwise/kernel', 'dense/kernel'];

export function residualNetwork(): Network {
  const b = new NetworkBuilder('residual');
  let x = b.conv2d('conv', b.input([4, 4, 1]), { kernel: seededParameter([6, 3, 3, 1], 11), padding: 'same' });
  const skip = b.activation('relu1', b.batchNorm('bn1', x, mixedNorm(6, 1)), 'relu');
  x = b.activation(
    'relu2',
    b.batchNorm('bn2', b.conv2d('pointwise', skip, { kernel: seededParameter([6, 1, 1, 6], 12) }), mixedNorm(6, 2)),
    'relu',
  );
  x = b.batchNorm(
    'bn3',
    b.depthwiseConv2d('depthwise', x, { kernel: seededParameter([1, 3, 3, 6], 13), padding: 'same' }),
    mixedNorm(6, 3),
  );
  x = b.activation('relu3', b.binary('add', 'add', x, skip), 'relu');
  x = b.dense('dense', b.flatten('flatten', x), { kernel: seededParameter([2, 96], 14), bias: filled([2], 0) });
  return b.build([b.activation('softmax', x, 'softmax')]);
}

/** Gammas of both signs and different sizes, so that folding does something to every channel. */
export function mixedNorm(channels: number, seed: number): BatchNormOptions {
  const gamma: Parameter = {
    shape: [channels],
    data: Float32Array.from({ length: channels }, (_, c) => (c % 3 === 1 ? -1 : 1) * (0.5 + c / channels)),
  };
  return {
    gamma,
    beta: seededParameter([channels], 40 + seed),
    mean: seededParameter([channels], 50 + seed),
    variance: { shape: [channels], data: seededParameter([channels], 60 + seed).data.map((v) => 0.5 + v * v) },
  };
}

export function trainedModel(network: Network = residualNetwork()): OptimizedModel {
  return { network, constraints: new Map(), ranges: undefined };
}

export interface TestContext extends TechniqueContext {
  readonly warnings: readonly string[];
}

export function techniqueContext(engine: Engine): TestContext {
  const warnings: string[] = [];
  const data: DataSplits = { train: halves(48), validation: halves(0), test: halves(16, 4) };
  return {
    engine,
    data,
    loss: { kind: 'crossEntropy' },
    seed: 7,
    signal: new AbortController().signal,
    parentTrained: false,
    teacher: residualNetwork,
    onProgress: () => undefined,
    warn: (message) => {
      warnings.push(message);
    },
    warnings,
  };
}

/** Enough steps, at a high rate, for every weight that is free to move to do so. */
export const briefly = { steps: 12, epochs: 4, batchSize: 16, learningRate: 0.01 } as const;

export function zerosAt(data: ArrayLike<number>): readonly number[] {
  return Array.from(data).flatMap((value, i) => (value === 0 ? [i] : []));
}

export function kernelData(network: Network, id: string): Float32Array {
  const parameter = network.parameters.get(id);
  if (parameter === undefined) throw new Error(`there is no parameter ${id}`);
  return parameter.data;
}

/** The int8 values that the file will hold. */
export function integersOf({ network, weights }: QuantizedNetwork, id: string): Int8Array {
  const parameter = network.parameters.get(id);
  const quantization = weights.get(id);
  if (parameter === undefined || quantization === undefined) throw new Error(`there is no quantized kernel ${id}`);
  return quantizeWeights(parameter.data, parameter.shape, quantization);
}

/** The largest number of different values in one output channel: the first axis, or the last of a depthwise kernel. */
export function valuesPerChannel(data: ArrayLike<number>, shape: readonly number[], axis: number): number {
  const inner = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const channels = shape[axis] ?? 1;
  const seen = Array.from({ length: channels }, () => new Set<number>());
  Array.from(data).forEach((value, i) => seen[Math.floor(i / inner) % channels]?.add(value));
  return Math.max(...seen.map(({ size }) => size));
}

/** What the dense layer gives for the training examples. */
export async function logits(engine: Engine, network: Network): Promise<Float32Array> {
  const { train } = techniqueContext(engine).data;
  const batch = await train.read(Uint32Array.from({ length: train.size }, (_, i) => i));
  const [output = ''] = network.operations.filter(({ layer }) => layer === 'dense').map((operation) => operation.output);
  const inference = await compileInference(engine, network, train.size, { outputs: [output] });
  const [values = new Float32Array(0)] = await inference.run(batch.inputs, train.size);
  await inference.dispose();
  return values;
}
