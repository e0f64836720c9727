import type { DataSet } from '../../../src/core/data/dataset.ts';
import type { Target } from '../../../src/core/data/target.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import type { Network, Parameter } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { createRandom } from '../../../src/core/random.ts';
import type { FineTuning } from '../../../src/core/train/fine-tuning.ts';
import { randomData } from '../fixtures/random-data.ts';

export function seededParameter(shape: readonly number[], seed: number, scale = 0.4): Parameter {
  return {
    shape,
    data: randomData(
      shape.reduce((product, n) => product * n, 1),
      seed,
    ).map((x) => x * scale),
  };
}

export function filled(shape: readonly number[], value: number): Parameter {
  return { shape, data: new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(value) };
}

/** Convolution, batch norm, relu, dropout and a dense layer: the parts that training treats in different ways. */
export function smallNetwork(): Network {
  const b = new NetworkBuilder('small');
  let x = b.conv2d('conv', b.input([4, 4, 1]), { kernel: seededParameter([3, 3, 3, 1], 1), bias: filled([3], 0), padding: 'same' });
  x = b.batchNorm('bn', x, { gamma: filled([3], 1), beta: filled([3], 0), mean: filled([3], 0), variance: filled([3], 1), momentum: 0.9 });
  x = b.dropout('dropout', b.activation('relu', x, 'relu'), 0.25);
  x = b.dense('dense', b.flatten('flatten', x), { kernel: seededParameter([2, 48], 2), bias: filled([2], 0) });
  return b.build([b.activation('softmax', x, 'softmax')]);
}

/** Images of noise whose class is whether the left half is brighter than the right. */
export function halves(size: number, seed = 3): DataSet {
  const random = createRandom(seed);
  const inputs = Float32Array.from({ length: size * 16 }, () => random.normal());
  const labels = Int32Array.from({ length: size }, (_, i) => {
    let difference = 0;
    for (let p = 0; p < 16; p++) difference += inputs[i * 16 + p]! * (p % 4 < 2 ? 1 : -1);
    return difference > 0 ? 1 : 0;
  });
  return memoryDataSet([4, 4, 1], { kind: 'classes', classes: 2, names: undefined }, inputs, labels, new Float32Array(0));
}

export function memoryDataSet(
  inputShape: readonly number[],
  target: Target,
  inputs: Float32Array,
  labels: Int32Array,
  targets: Float32Array,
): DataSet {
  const length = inputShape.reduce((product, n) => product * n, 1);
  const width = target.kind === 'regression' ? target.size : 0;
  const take = (data: Float32Array, of: number, indices: Uint32Array): Float32Array => {
    const taken = new Float32Array(indices.length * of);
    indices.forEach((index, i) => taken.set(data.subarray(index * of, (index + 1) * of), i * of));
    return taken;
  };
  return {
    name: 'memory',
    size: inputs.length / length,
    inputShapes: [inputShape],
    target,
    read: (indices) =>
      Promise.resolve({
        size: indices.length,
        inputs: [take(inputs, length, indices)],
        labels: target.kind === 'classes' ? Int32Array.from(indices, (i) => labels[i]!) : new Int32Array(0),
        targets: take(targets, width, indices),
      }),
  };
}

export const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

export function settings(engine: Engine, changed: Partial<FineTuning> = {}): FineTuning {
  return {
    engine,
    network: smallNetwork(),
    constraints: new Map(),
    train: halves(50),
    validation: undefined,
    loss: { kind: 'crossEntropy' },
    optimizer: adam,
    learningRate: { kind: 'constant', rate: 0.01 },
    epochs: 3,
    batchSize: 16,
    seed: 5,
    batchNorm: 'training',
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...changed,
  };
}

/** y = w x at x = 1 towards 0, trained by plain gradient descent: every number can be followed by hand. */
export function line(
  kernel: readonly number[],
  optimizer: FineTuning['optimizer'] = { kind: 'sgd', momentum: 0, nesterov: false },
  bias?: Parameter,
): Partial<FineTuning> {
  const b = new NetworkBuilder('line');
  const network = b.build([
    b.dense('dense', b.input([kernel.length]), {
      kernel: { shape: [1, kernel.length], data: Float32Array.from(kernel) },
      ...(bias === undefined ? {} : { bias }),
    }),
  ]);
  const train = memoryDataSet(
    [kernel.length],
    { kind: 'regression', size: 1 },
    Float32Array.from(kernel, () => 1),
    new Int32Array(0),
    Float32Array.of(0),
  );
  return {
    network,
    train,
    loss: { kind: 'meanSquaredError' },
    optimizer,
    learningRate: { kind: 'constant', rate: 0.1 },
    batchSize: 1,
    epochs: 1,
  };
}
