/** Every operation comes back from a float .tflite as it was written. */
import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Parameter, Shape, ValueId } from '../../../src/core/network/network.ts';
import { createRandom } from '../../../src/core/random.ts';
import type { BuiltinOperator } from '../../../src/core/tflite/schema/builtin-operators.ts';
import type { OperatorOptions } from '../../../src/core/tflite/schema/operator-options.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { float32, GraphBuilder } from '../../../src/core/tflite/write/graph-builder.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { floatNetworks, operationNetworks, randomInputs } from '../tflite/operation-networks.ts';
import { importFiles } from './keras-model-files.ts';

let seed = 1;
const normal = (...shape: readonly number[]): Parameter => ({
  shape,
  data: randomData(
    shape.reduce((a, b) => a * b, 1),
    seed++,
  ),
});
const image: Shape = [6, 5, 4];

type Build = (builder: NetworkBuilder, x: ValueId) => ValueId;

const operations: readonly (readonly [string, Shape, Build])[] = [
  [
    'conv2d, strided, dilated apart',
    image,
    (b, x) =>
      b.conv2d(
        'b',
        b.conv2d('a', x, { kernel: normal(3, 3, 2, 4), bias: normal(3), strides: [2, 1], padding: 'same', activation: 'relu' }),
        { kernel: normal(2, 2, 2, 3), dilations: [1, 2] },
      ),
  ],
  [
    'depthwise conv2d with a multiplier',
    image,
    (b, x) => b.depthwiseConv2d('a', x, { kernel: normal(1, 3, 3, 8), bias: normal(8), padding: 'same', activation: 'relu6' }),
  ],
  [
    'transposed conv2d, same and valid',
    image,
    (b, x) =>
      b.transposeConv2d('b', b.transposeConv2d('a', x, { kernel: normal(3, 3, 3, 4), bias: normal(3), strides: [2, 2], padding: 'same' }), {
        kernel: normal(2, 3, 2, 3),
        strides: [2, 2],
        padding: 'valid',
      }),
  ],
  ['dense over a vector', [12], (b, x) => b.dense('a', x, { kernel: normal(5, 12), bias: normal(5), activation: 'relu' })],
  ['dense over the last axis', [3, 4], (b, x) => b.dense('a', x, { kernel: normal(5, 4), bias: normal(5) })],
  ['rescale by channel', image, (b, x) => b.rescale('a', x, randomData(4, 90), randomData(4, 91))],
  ['rescale by one number', image, (b, x) => b.rescale('a', x, Float32Array.of(0.5), Float32Array.of(-1))],
  [
    'pad, crop',
    image,
    (b, x) =>
      b.crop(
        'b',
        b.pad('a', x, [
          [1, 2],
          [0, 3],
          [0, 0],
        ]),
        [1, 2, 0],
        [5, 6, 3],
      ),
  ],
  [
    'max and average pooling',
    image,
    (b, x) => b.pool2d('b', b.pool2d('a', x, 'max', [2, 2], { strides: [1, 1], padding: 'same' }), 'average', [3, 2], { padding: 'same' }),
  ],
  ['global average pooling', image, (b, x) => b.globalPool('a', x, 'average')],
  ['global max pooling that keeps its axes', image, (b, x) => b.globalPool('a', x, 'max', true)],
  ['reshape, permute', image, (b, x) => b.permute('b', b.reshape('a', x, [5, 8, 3]), [2, 0, 1])],
  ['upsampling, nearest', image, (b, x) => b.upsample('a', x, [2, 3], 'nearest')],
  ['upsampling, bilinear', image, (b, x) => b.upsample('a', x, [2, 3], 'bilinear')],
  [
    'concat along each axis',
    [2, 2, 2],
    (b, x) => b.concat('c', [b.concat('a', [x, x], 0), b.concat('b', [b.activation('n', x, 'tanh'), x], 0)], 2),
  ],
  [
    'add, sub, mul of two values',
    image,
    (b, x) =>
      b.binary(
        'c',
        'mul',
        b.binary('a', 'add', x, b.activation('t', x, 'tanh'), 'relu'),
        b.binary('b', 'sub', x, b.activation('s', x, 'sigmoid')),
      ),
  ],
  ['prelu by channel and by element', image, (b, x) => b.prelu('b', b.prelu('a', x, normal(1, 1, 4)), normal(6, 5, 4))],
  ...(['relu', 'relu6', 'elu', 'sigmoid', 'tanh', 'softmax', 'hardSwish', 'swish'] as const).map(
    (name) => [name, image, (b: NetworkBuilder, x: ValueId) => b.activation('a', x, name, name === 'elu' ? 1 : 0)] as const,
  ),
  ['leakyRelu', image, (b, x) => b.activation('a', x, 'leakyRelu', 0.15)],
  ['gelu, exact', image, (b, x) => b.activation('a', x, 'gelu', 0)],
  ['gelu, by tanh', image, (b, x) => b.activation('a', x, 'gelu', 1)],
];

describe('operators of .tflite', () => {
  it.each(operations)('%s', async (_, shape, build) => {
    const builder = new NetworkBuilder('net');
    const network = builder.build([build(builder, builder.input(shape))]);
    const imported = await importFiles({ model: writeTflite({ kind: 'float', network }) });
    expect(imported.format).toBe('tflite');
    const x = randomData(
      shape.reduce((a, b) => a * b, 1),
      400,
    );
    const [expected] = referenceOutputs(network, [x]);
    const [actual] = referenceOutputs(imported.network, [x]);
    expect(actual!.length).toBe(expected!.length);
    actual!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected![i]!, 5);
    });
  });

  it.each([...operationNetworks, ...floatNetworks].map((network) => [network.name, network] as const))('%s', async (_, network) => {
    const imported = await importFiles({ model: writeTflite({ kind: 'float', network }) });
    const inputs = randomInputs(network, 5);
    const [expected] = referenceOutputs(network, inputs);
    const [actual] = referenceOutputs(imported.network, inputs);
    expect(actual!.length).toBe(expected!.length);
    // Erf comes back as the polynomial that it is written as.
    actual!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected![i]!, 5);
    });
  });

  const written = (
    operator: BuiltinOperator,
    shapes: readonly Shape[],
    inputs: readonly Shape[],
    options: OperatorOptions = {},
    constants: readonly (readonly number[])[] = [],
    first = false,
  ): Uint8Array => {
    const graph = new GraphBuilder();
    const values = inputs.map((shape, i) => graph.tensor({ name: `in${i}`, shape: [1, ...shape], ...float32 }));
    const integers = constants.map((list, i) => graph.integers(`constant${i}`, list, list.length === 1 ? [] : [list.length]));
    const outputs = shapes.map((shape, i) => graph.tensor({ name: `out${i}`, shape: [1, ...shape], ...float32 }));
    graph.operator(operator, first ? [...integers, ...values] : [...values, ...integers], outputs[0]!, options);
    const subgraph = graph.build('main', values, outputs);
    const operators = subgraph.operators.map((each) => ({ ...each, outputs }));
    return serializeTflite({ description: '', subgraphs: [{ ...subgraph, operators }], signatures: [], metadata: [] });
  };
  const x = Float32Array.from({ length: 12 }, (_, i) => i);

  it.each([
    [
      'SPLIT',
      written(
        'SPLIT',
        [
          [2, 3],
          [2, 3],
        ],
        [[2, 6]],
        { splits: 2 },
        [[2]],
        true,
      ),
      [
        [0, 1, 2, 6, 7, 8],
        [3, 4, 5, 9, 10, 11],
      ],
    ],
    [
      'UNPACK',
      written('UNPACK', [[6], [6]], [[2, 6]], { values: 2, axis: 1 }),
      [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10, 11],
      ],
    ],
    [
      'STRIDED_SLICE that takes an axis away',
      written('STRIDED_SLICE', [[3]], [[2, 6]], { beginMask: 1, endMask: 5, shrinkAxisMask: 2 }, [
        [0, -1, 0],
        [0, 0, 0],
        [1, 1, 2],
      ]),
      [[6, 8, 10]],
    ],
    ['GATHER by constant rows', written('GATHER', [[2, 2]], [[2, 6]], { axis: 2 }, [[5, 0]]), [[5, 0, 11, 6]]],
    [
      'TILE',
      written('TILE', [[2, 12]], [[2, 6]], {}, [[1, 1, 2]]),
      [[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 6, 7, 8, 9, 10, 11]],
    ],
    [
      'PACK',
      written(
        'PACK',
        [[2, 2, 6]],
        [
          [2, 6],
          [2, 6],
        ],
        { values: 2, axis: 2 },
      ),
      [[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 6, 7, 8, 9, 10, 11]],
    ],
    ['NEG', written('NEG', [[2, 6]], [[2, 6]]), [Array.from(x, (v) => 0 - v)]],
    ['SQUARE', written('SQUARE', [[2, 6]], [[2, 6]]), [Array.from(x, (v) => v * v)]],
    ['SQUARED_DIFFERENCE', written('SQUARED_DIFFERENCE', [[2, 6]], [[2, 6], [1]]), [Array.from(x, (v) => v * v)]],
    ['RELU_0_TO_1', written('RELU_0_TO_1', [[2, 6]], [[2, 6]]), [Array.from(x, (v) => Math.min(v, 1))]],
  ] as const)('%s', async (_, model, expected) => {
    const { network } = await importFiles({ model });
    const outputs = referenceOutputs(
      network,
      network.inputs.map((id) =>
        x.slice(
          0,
          network.values.get(id)!.shape.reduce((a, b) => a * b, 1),
        ),
      ),
    );
    expect(outputs.map((output) => Array.from(output))).toEqual(expected);
  });

  it('names all that are not known at once, with their place and how often they occur', async () => {
    const graph = new GraphBuilder();
    const input = graph.tensor({ name: 'in', shape: [1, 4], ...float32 });
    const tensors = ['first/sin', 'second/sin', 'third/cumsum'].map((name) => graph.tensor({ name, shape: [1, 4], ...float32 }));
    graph.operator('SIN', [input], tensors[0]!);
    graph.operator('SIN', [tensors[0]!], tensors[1]!);
    graph.operator('CUMSUM', [tensors[1]!], tensors[2]!);
    const model = serializeTflite({
      description: '',
      subgraphs: [graph.build('main', [input], [tensors[2]!])],
      signatures: [],
      metadata: [],
    });
    await expect(importFiles({ model })).rejects.toThrow(
      'operators not supported: SIN (layer "first/sin", reads [1, 4] and 1 more); CUMSUM (layer "third/cumsum", reads [1, 4])',
    );
  });

  it('embedding', async () => {
    const builder = new NetworkBuilder('net');
    const network = builder.build([
      builder.dense('d', builder.flatten('f', builder.embedding('e', builder.input([5]), normal(7, 3))), { kernel: normal(2, 15) }),
    ]);
    const random = createRandom(1);
    const x = Float32Array.from({ length: 5 }, () => random.integer(7));
    const imported = await importFiles({ model: writeTflite({ kind: 'float', network }) });
    expect(referenceOutputs(imported.network, [x])[0]).toEqual(referenceOutputs(network, [x])[0]);
  });

  it('weights that are stored as float16 are widened', async () => {
    const builder = new NetworkBuilder('net');
    const network = builder.build([builder.dense('a', builder.input([6]), { kernel: normal(4, 6), bias: normal(4) })]);
    const { network: read } = await importFiles({ model: writeTflite({ kind: 'float16', network }) });
    const x = randomData(6, 3);
    const [expected] = referenceOutputs(network, [x]);
    // Half precision keeps 11 bits of each of the six products' factors.
    referenceOutputs(read, [x])[0]!.forEach((value, i) => {
      expect(Math.abs(value - expected![i]!)).toBeLessThan(6 * 3 * 3 * 2 ** -11);
    });
  });
});
