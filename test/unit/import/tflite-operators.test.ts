/** Every operation comes back from a float .tflite as it was written. */
import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Parameter, Shape, ValueId } from '../../../src/core/network/network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
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
