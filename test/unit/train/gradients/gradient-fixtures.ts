import { expect } from 'vitest';
import type { Target } from '../../../../src/core/data/target.ts';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import type { Network, ValueId } from '../../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import type { Loss } from '../../../../src/core/train/fine-tuning.ts';
import { trainedParameters } from '../../../../src/core/train/trained-parameters.ts';
import { buildTrainingProgram } from '../../../../src/core/train/training-program.ts';
import { referenceOutputs, type ExecutableNetwork } from '../../network/reference-executor.ts';
import { seededParameter } from '../training-fixtures.ts';

export const engines = [await createEngine({ name: 'onnxruntime-node', threads: 1 }), await createEngine({ name: 'tfjs', threads: 1 })];
export const batchSize = 3;

/** A first dense or convolution layer on the path, so that gradients with respect to values are tested through it. */
export function network(shape: readonly number[], make: (b: NetworkBuilder, x: ValueId) => ValueId): Network {
  const b = new NetworkBuilder('gradient');
  const x = b.conv2d('first', b.input(shape), { kernel: seededParameter([2, 1, 1, shape[2] ?? 1], 1), bias: seededParameter([2], 2) });
  return b.build([make(b, x)]);
}

export const bias = (n: number, seed = 4) => seededParameter([n], seed);

/** A step of plain gradient descent with rate 1 moves every weight by its gradient. */
export async function symbolicGradient(
  engine: (typeof engines)[number],
  of: Network,
  loss: Loss,
  target: Target,
  data: { inputs: Float32Array; labels: Int32Array; targets: Float32Array },
  batchNorm: 'training' | 'frozen' = 'frozen',
): Promise<number[]> {
  const training = buildTrainingProgram(
    {
      network: of,
      parameters: trainedParameters(of, batchNorm, new Set()),
      constraints: new Map(),
      denseMaskGradients: false,
      quantizers: undefined,
      target,
      loss,
      optimizer: { kind: 'sgd', momentum: 0, nesterov: false },
      batchNorm,
      frozen: new Set(),
      gradientClipNorm: undefined,
    },
    batchSize,
  );
  const compiled = await engine.compile(training.program);
  const before = training.initialState();
  const after = await compiled.run({
    ...Object.fromEntries(before),
    [`input/${of.inputs[0]}`]: data.inputs,
    labels: data.labels,
    targets: data.targets,
    update: Float32Array.of(1),
    retention: Float32Array.of(0.5),
  });
  const gradients = [...before.get('weights')!].map((weight, i) => weight - after['weights']![i]!);
  await compiled.dispose();
  return gradients;
}

export function batchOutputs(of: ExecutableNetwork, inputs: Float32Array): number[] {
  const length = inputs.length / batchSize;
  return Array.from({ length: batchSize }, (_, i) => [...referenceOutputs(of, [inputs.subarray(i * length, (i + 1) * length)])[0]!]).flat();
}

export function numericGradient(of: Network, loss: (outputs: number[]) => number, inputs: Float32Array): number[] {
  const { learned } = trainedParameters(of, 'frozen', new Set());
  return learned.entries.flatMap(({ name }) => {
    const parameter = of.parameters.get(name)!;
    // The reference reads whatever numbers are there: doubles allow a small step.
    const doubles = Float64Array.from(parameter.data);
    const probed: ExecutableNetwork = {
      ...of,
      parameters: new Map<string, { shape: readonly number[]; data: Float32Array | Float64Array }>([
        ...of.parameters,
        [name, { shape: parameter.shape, data: doubles }],
      ]),
    };
    return [...doubles.keys()].map((i) => centralDifference(doubles, i, () => loss(batchOutputs(probed, inputs))));
  });
}

export function centralDifference(parameter: Float64Array, index: number, loss: () => number): number {
  const step = 1e-5;
  const value = parameter[index]!;
  parameter[index] = value + step;
  const above = loss();
  parameter[index] = value - step;
  const below = loss();
  parameter[index] = value;
  return (above - below) / (2 * step);
}

export function compare(found: readonly number[], expected: readonly number[], tolerance: number, where = ''): void {
  expect(found).toHaveLength(expected.length);
  const largest = expected.reduce((most, g) => Math.max(most, Math.abs(g)), 1e-3);
  found.forEach((g, i) =>
    expect(Math.abs(g - expected[i]!) / largest, `${where} element ${i}: ${g} against ${expected[i]}`).toBeLessThan(tolerance),
  );
}
