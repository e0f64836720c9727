import { expect, it } from 'vitest';
import type { Target } from '../../../src/core/data/dataset.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Network, ValueId } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Loss } from '../../../src/core/train/fine-tuning.ts';
import { trainedParameters } from '../../../src/core/train/trained-parameters.ts';
import { buildTrainingProgram } from '../../../src/core/train/training-program.ts';
import { randomData } from '../fixtures/random-data.ts';
import { type ExecutableNetwork, referenceOutputs } from '../network/reference-executor.ts';
import { filled, seededParameter } from './training-fixtures.ts';

const engines = [await createEngine({ name: 'onnxruntime-node', threads: 1 }), await createEngine({ name: 'tfjs', threads: 1 })];
const batchSize = 3;

/** A first dense or convolution layer on the path, so that gradients with respect to values are tested through it. */
function network(shape: readonly number[], make: (b: NetworkBuilder, x: ValueId) => ValueId): Network {
  const b = new NetworkBuilder('gradient');
  const x = b.conv2d('first', b.input(shape), { kernel: seededParameter([2, 1, 1, shape[2] ?? 1], 1), bias: seededParameter([2], 2) });
  return b.build([make(b, x)]);
}

const bias = (n: number, seed = 4) => seededParameter([n], seed);
const activations = ['relu', 'relu6', 'sigmoid', 'tanh', 'softmax', 'hardSwish', 'swish'] as const;
const cases: readonly (readonly [string, Network])[] = [
  ...(
    [
      [1, 1],
      [2, 1],
      [2, 3],
    ] as const
  ).flatMap((strides) =>
    (['same', 'valid'] as const).map(
      (padding) =>
        [
          `conv ${strides.join('x')} ${padding}`,
          network([5, 6, 1], (b, x) => b.conv2d('c', x, { kernel: seededParameter([3, 3, 2, 2], 3), bias: bias(3), strides, padding })),
        ] as const,
    ),
  ),
  ...(['same', 'valid'] as const).map(
    (padding) =>
      [
        `conv dilated ${padding}`,
        network([6, 7, 1], (b, x) => b.conv2d('c', x, { kernel: seededParameter([2, 3, 2, 2], 3), dilations: [2, 2], padding })),
      ] as const,
  ),
  // Large enough for each of the forms that depthwise convolutions take; small images above take the third.
  ...([1, 2] as const).map(
    (multiplier) =>
      [
        `depthwise x${multiplier} by rows`,
        network([12, 9, 1], (b, x) =>
          b.globalPool(
            'p',
            b.depthwiseConv2d('c', x, {
              kernel: seededParameter([1, 3, 3, 2 * multiplier], 3),
              bias: bias(2 * multiplier),
              padding: 'same',
            }),
            'average',
          ),
        ),
      ] as const,
  ),
  ...(
    [
      [1, 1],
      [2, 1],
      [2, 2],
    ] as const
  ).map(
    ([stride, multiplier]) =>
      [
        `depthwise x${multiplier} stride ${stride} by windows`,
        network([9, 26, 1], (b, x) =>
          b.pool2d(
            'p',
            b.depthwiseConv2d('c', x, {
              kernel: seededParameter([1, 3, 3, 2 * multiplier], 3),
              strides: [stride, stride],
              padding: 'same',
              activation: 'relu6',
            }),
            'average',
            [4, 5],
          ),
        ),
      ] as const,
  ),
  ...([1, 2] as const).map(
    (stride) =>
      [
        `conv of a picture, stride ${stride}`,
        ((): Network => {
          const b = new NetworkBuilder('picture');
          const x = b.conv2d('first', b.input([5, 6, 3]), {
            kernel: seededParameter([4, 3, 2, 3], 1),
            strides: [stride, stride],
            padding: 'same',
          });
          return b.build([b.conv2d('c', x, { kernel: seededParameter([2, 2, 2, 4], 3), bias: bias(2) })]);
        })(),
      ] as const,
  ),
  [
    'padding before a convolution with stride',
    network([4, 6, 1], (b, x) => {
      const zeros: readonly (readonly [number, number])[] = [
        [0, 1],
        [0, 1],
        [0, 0],
      ];
      return b.conv2d('c', b.pad('pad', x, zeros), { kernel: seededParameter([3, 3, 3, 2], 3), strides: [2, 2] });
    }),
  ],
  [
    'conv of one channel',
    ((): Network => {
      const b = new NetworkBuilder('one channel');
      const x = b.conv2d('first', b.input([5, 6, 1]), { kernel: seededParameter([1, 2, 2, 1], 1), activation: 'none' });
      return b.build([b.conv2d('c', x, { kernel: seededParameter([3, 3, 2, 1], 3), bias: bias(3), strides: [2, 1], padding: 'same' })]);
    })(),
  ],
  ['conv 1x1 stride 2', network([5, 4, 1], (b, x) => b.conv2d('c', x, { kernel: seededParameter([3, 1, 1, 2], 3), strides: [2, 2] }))],
  ...([1, 3] as const).flatMap((multiplier) =>
    (
      [
        [1, 1],
        [2, 2],
      ] as const
    ).map(
      (strides) =>
        [
          `depthwise x${multiplier} stride ${strides[0]}`,
          network([5, 4, 1], (b, x) =>
            b.depthwiseConv2d('c', x, {
              kernel: seededParameter([1, 3, 3, 2 * multiplier], 3),
              bias: bias(2 * multiplier),
              strides,
              padding: 'same',
            }),
          ),
        ] as const,
    ),
  ),
  [
    'depthwise dilated',
    network([6, 5, 1], (b, x) => b.depthwiseConv2d('c', x, { kernel: seededParameter([1, 3, 2, 2], 3), dilations: [2, 1] })),
  ],
  ...(['same', 'valid'] as const).map(
    (padding) =>
      [
        `transposed conv ${padding}`,
        network([3, 2, 1], (b, x) =>
          b.transposeConv2d('c', x, { kernel: seededParameter([3, 3, 3, 2], 3), bias: bias(3), strides: [2, 2], padding }),
        ),
      ] as const,
  ),
  ['dense over the last axis', network([2, 3, 1], (b, x) => b.dense('d', x, { kernel: seededParameter([3, 2], 3), bias: bias(3) }))],
  ['flatten, dense', network([2, 3, 1], (b, x) => b.dense('d', b.flatten('f', x), { kernel: seededParameter([3, 12], 3), bias: bias(3) }))],
  ...activations.map((name) => [name, network([2, 3, 1], (b, x) => b.activation('a', x, name))] as const),
  ['leakyRelu', network([2, 3, 1], (b, x) => b.activation('a', x, 'leakyRelu', 0.2))],
  ['elu', network([2, 3, 1], (b, x) => b.activation('a', x, 'elu', 0.7))],
  ['gelu', network([2, 3, 1], (b, x) => b.activation('a', x, 'gelu', 0))],
  ['gelu tanh', network([2, 3, 1], (b, x) => b.activation('a', x, 'gelu', 1))],
  ['prelu', network([2, 3, 1], (b, x) => b.prelu('a', x, { shape: [1, 1, 2], data: Float32Array.of(0.2, 0.3) }))],
  ['max pool', network([4, 5, 1], (b, x) => b.pool2d('p', x, 'max', [2, 2]))],
  ['max pool, overlapping', network([5, 5, 1], (b, x) => b.pool2d('p', x, 'max', [3, 3], { strides: [2, 2], padding: 'same' }))],
  ['average pool', network([4, 5, 1], (b, x) => b.pool2d('p', x, 'average', [3, 2], { strides: [2, 1], padding: 'same' }))],
  ['average pool of tiles', network([4, 6, 1], (b, x) => b.pool2d('p', x, 'average', [2, 3]))],
  ['global max', network([2, 3, 1], (b, x) => b.globalPool('p', x, 'max'))],
  ['rescale', network([2, 3, 1], (b, x) => b.rescale('r', x, Float32Array.of(0.5, 2), Float32Array.of(0.1)))],
  [
    'sub and mul',
    network([2, 3, 1], (b, x) => {
      const y = b.activation('sigmoid', x, 'sigmoid');
      return b.binary('mul', 'mul', b.binary('sub', 'sub', x, y), y);
    }),
  ],
  ['global average', network([2, 3, 1], (b, x) => b.globalPool('p', x, 'average'))],
  [
    'add and concat branches',
    network([3, 3, 1], (b, x) => {
      const left = b.conv2d('left', x, { kernel: seededParameter([2, 3, 3, 2], 5), padding: 'same', activation: 'relu' });
      return b.concat('concat', [b.binary('add', 'add', left, x), b.binary('mul', 'mul', x, left)], 2);
    }),
  ],
  [
    'squeeze and excite',
    network([3, 2, 1], (b, x) => b.binary('scale', 'mul', x, b.activation('gate', b.globalPool('pool', x, 'average', true), 'sigmoid'))),
  ],
  [
    'pad, crop, permute, reshape',
    network([3, 4, 1], (b, x) =>
      b.reshape(
        'r',
        b.permute(
          'p',
          b.crop(
            'c',
            b.pad('pad', x, [
              [1, 0],
              [0, 2],
              [0, 0],
            ]),
            [0, 1, 0],
            [3, 4, 2],
          ),
          [1, 2, 0],
        ),
        [8, 3],
      ),
    ),
  ],
  ['upsample nearest', network([2, 2, 1], (b, x) => b.upsample('u', x, [2, 2]))],
  ['upsample bilinear', network([2, 3, 1], (b, x) => b.upsample('u', x, [2, 2], 'bilinear'))],
  [
    'batch norm, frozen',
    network([2, 3, 1], (b, x) =>
      b.batchNorm('bn', x, { gamma: bias(2), beta: bias(2, 5), mean: bias(2, 6), variance: { shape: [2], data: Float32Array.of(0.5, 2) } }),
    ),
  ],
];

it.each(cases)('%s: the gradient of every parameter equals finite differences of the reference in double precision', async (_, tested) => {
  const size = tested.values.get(tested.outputs[0]!)!.shape.reduce((product, n) => product * n, 1);
  const inputs = randomData(batchSize * elementsOf(tested, tested.inputs[0]!), 8);
  const targets = randomData(batchSize * size, 9);
  const expected = numericGradient(
    tested,
    (outputs) => outputs.reduce((sum, y, i) => sum + (y - targets[i]!) ** 2, 0) / outputs.length,
    inputs,
  );
  for (const engine of engines) {
    const found = await symbolicGradient(
      engine,
      tested,
      { kind: 'meanSquaredError' },
      { kind: 'regression', size },
      { inputs, targets, labels: new Int32Array(0) },
    );
    compare(found, expected, 2e-4, engine.name);
  }
});

it('an embedding: rows of the table that occur learn, each as often as it occurs', async () => {
  const b = new NetworkBuilder('embedding');
  const x = b.embedding('table', b.input([4]), seededParameter([6, 3], 1));
  const tested = b.build([b.dense('d', b.flatten('f', x), { kernel: seededParameter([2, 12], 3), bias: bias(2) })]);
  const inputs = Float32Array.of(0, 1, 1, 2, 5, 5, 5, 0, 2, 1, 0, 5);
  const targets = randomData(batchSize * 2, 9);
  const expected = numericGradient(
    tested,
    (outputs) => outputs.reduce((sum, y, i) => sum + (y - targets[i]!) ** 2, 0) / outputs.length,
    inputs,
  );
  for (const engine of engines) {
    const loss: Loss = { kind: 'meanSquaredError' };
    const found = await symbolicGradient(
      engine,
      tested,
      loss,
      { kind: 'regression', size: 2 },
      { inputs, targets, labels: new Int32Array(0) },
    );
    compare(found, expected, 2e-4, engine.name);
  }
});

it.each(['relu', 'relu6', 'none'] as const)('batch norm in training mode followed by %s: both engines agree', async (rectifier) => {
  const tested = network([3, 4, 1], (b, x) => {
    const statistics = { mean: filled([2], 0), variance: filled([2], 1) };
    const normalized = b.batchNorm('bn', x, { gamma: { shape: [2], data: Float32Array.of(2.7, 5.3) }, beta: bias(2, 5), ...statistics });
    return rectifier === 'none' ? normalized : b.activation('rectifier', normalized, rectifier);
  });
  const inputs = randomData(batchSize * 12, 8);
  const targets = randomData(batchSize * 24, 9);
  const [found, expected] = await Promise.all(
    engines.map((engine) =>
      symbolicGradient(
        engine,
        tested,
        { kind: 'meanSquaredError' },
        { kind: 'regression', size: 24 },
        { inputs, targets, labels: new Int32Array(0) },
        'training',
      ),
    ),
  );
  compare(found!, [...expected!], 2e-4);
});

it('batch norm in training mode: gradients go through the statistics of the batch', async () => {
  const tested = network([2, 3, 1], (b, x) => {
    const normalized = b.batchNorm('bn', x, {
      gamma: { shape: [2], data: Float32Array.of(0.7, 1.3) },
      beta: bias(2, 5),
      mean: filled([2], 0),
      variance: filled([2], 1),
      epsilon: 0.01,
    });
    return b.activation('tanh', normalized, 'tanh');
  });
  const inputs = randomData(batchSize * 6, 8);
  const targets = randomData(batchSize * 12, 9);
  const [kernel, first, gamma, beta] = ['first/kernel', 'first/bias', 'bn/gamma', 'bn/beta'].map((id) =>
    Float64Array.from(tested.parameters.get(id)!.data),
  );
  const lossOf = (): number => {
    const conv = Array.from({ length: 18 }, (_, p) => [0, 1].map((c) => inputs[p]! * kernel![c]! + first![c]!));
    let sum = 0;
    for (const c of [0, 1]) {
      const mean = conv.reduce((total, x) => total + x[c]!, 0) / 18;
      const variance = conv.reduce((total, x) => total + (x[c]! - mean) ** 2, 0) / 18;
      conv.forEach((x, p) => {
        sum += (Math.tanh((gamma![c]! * (x[c]! - mean)) / Math.sqrt(variance + 0.01) + beta![c]!) - targets[p * 2 + c]!) ** 2;
      });
    }
    return sum / 36;
  };
  const expected = [kernel!, first!, gamma!, beta!].flatMap((parameter) =>
    [...parameter.keys()].map((i) => centralDifference(parameter, i, lossOf)),
  );
  for (const engine of engines) {
    compare(
      await symbolicGradient(
        engine,
        tested,
        { kind: 'meanSquaredError' },
        { kind: 'regression', size: 12 },
        { inputs, targets, labels: new Int32Array(0) },
        'training',
      ),
      expected,
      2e-4,
    );
  }
});

const classifier = (outputs: number) =>
  network([2, 3, 1], (b, x) => b.dense('d', b.flatten('f', x), { kernel: seededParameter([outputs, 12], 3), bias: bias(outputs) }));
const labels = Int32Array.of(2, 0, 1);
const teacher = ((): Network => ({
  ...classifier(3),
  parameters: new Map([...classifier(3).parameters].map(([id, { shape, data }]) => [id, { shape, data: data.map((x) => x * -1.5) }])),
}))();
const softmaxOf = (logits: readonly number[]): number[] => {
  const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
  return logits.map((x) => Math.exp(x) / total);
};
const rows = (values: readonly number[]): number[][] => [0, 1, 2].map((i) => values.slice(3 * i, 3 * i + 3));

it('cross-entropy over classes', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const expected = numericGradient(
    classifier(3),
    (outputs) => -rows(outputs).reduce((sum, row, i) => sum + Math.log(softmaxOf(row)[labels[i]!]!), 0) / 3,
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(3),
      { kind: 'crossEntropy' },
      { kind: 'classes', classes: 3, names: undefined },
      { inputs, labels, targets: new Float32Array(0) },
    ),
    expected,
    1e-4,
  );
});

it('cross-entropy against soft targets', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const targets = Float32Array.from([0.2, 0.5, 0.3, 1, 0, 0, 0.1, 0.1, 0.8]);
  const expected = numericGradient(
    classifier(3),
    (outputs) =>
      -rows(outputs).reduce((sum, row, i) => sum + softmaxOf(row).reduce((part, p, k) => part + targets[3 * i + k]! * Math.log(p), 0), 0) /
      3,
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(3),
      { kind: 'crossEntropy' },
      { kind: 'regression', size: 3 },
      { inputs, labels: new Int32Array(0), targets },
    ),
    expected,
    1e-4,
  );
});

it('binary cross-entropy of one output', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const expected = numericGradient(
    classifier(1),
    (outputs) => outputs.reduce((sum, x, i) => sum + Math.log(1 + Math.exp(-x)) + (1 - [1, 0, 1][i]!) * x, 0) / 3,
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(1),
      { kind: 'binaryCrossEntropy' },
      { kind: 'classes', classes: 2, names: undefined },
      { inputs, labels: Int32Array.of(1, 0, 1), targets: new Float32Array(0) },
    ),
    expected,
    1e-4,
  );
});

it('distillation: temperature squared times the divergence from the teacher, plus cross-entropy', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const [temperature, weight] = [3, 0.7];
  const taught = rows(batchOutputs(teacher, inputs)).map((row) => softmaxOf(row.map((x) => x / temperature)));
  const expected = numericGradient(
    classifier(3),
    (outputs) =>
      rows(outputs).reduce((sum, row, i) => {
        const soft = softmaxOf(row.map((x) => x / temperature));
        const divergence = taught[i]!.reduce((part, p, k) => part + p * Math.log(p / soft[k]!), 0);
        return sum + weight * temperature ** 2 * divergence - (1 - weight) * Math.log(softmaxOf(row)[labels[i]!]!);
      }, 0) / 3,
    inputs,
  );
  const loss: Loss = { kind: 'distillation', teacher, temperature, weight };
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(3),
      loss,
      { kind: 'classes', classes: 3, names: undefined },
      { inputs, labels, targets: new Float32Array(0) },
    ),
    expected,
    1e-4,
  );
});

function elementsOf(of: Network, id: ValueId): number {
  return of.values.get(id)!.shape.reduce((product, n) => product * n, 1);
}

/** A step of plain gradient descent with rate 1 moves every weight by its gradient. */
async function symbolicGradient(
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

function batchOutputs(of: ExecutableNetwork, inputs: Float32Array): number[] {
  const length = inputs.length / batchSize;
  return Array.from({ length: batchSize }, (_, i) => [...referenceOutputs(of, [inputs.subarray(i * length, (i + 1) * length)])[0]!]).flat();
}

function numericGradient(of: Network, loss: (outputs: number[]) => number, inputs: Float32Array): number[] {
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

function centralDifference(parameter: Float64Array, index: number, loss: () => number): number {
  const step = 1e-5;
  const value = parameter[index]!;
  parameter[index] = value + step;
  const above = loss();
  parameter[index] = value - step;
  const below = loss();
  parameter[index] = value;
  return (above - below) / (2 * step);
}

function compare(found: readonly number[], expected: readonly number[], tolerance: number, where = ''): void {
  expect(found).toHaveLength(expected.length);
  const largest = expected.reduce((most, g) => Math.max(most, Math.abs(g)), 1e-3);
  found.forEach((g, i) =>
    expect(Math.abs(g - expected[i]!) / largest, `${where} element ${i}: ${g} against ${expected[i]}`).toBeLessThan(tolerance),
  );
}
