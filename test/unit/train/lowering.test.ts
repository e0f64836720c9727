import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network, ValueId } from '../../../src/core/network/network.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import {
  compositeNetworks,
  embeddingNetwork,
  floatNetworks,
  operationNetworks,
  positive,
  randomParameter,
} from '../tflite/operation-networks.ts';
import { randomData } from '../fixtures/random-data.ts';

function single(name: string, shape: readonly number[], make: (builder: NetworkBuilder, x: ValueId) => ValueId): Network {
  const builder = new NetworkBuilder(name);
  return builder.build([make(builder, builder.input(shape))]);
}

const more = [
  single('pointwise with stride', [5, 6, 3], (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([4, 1, 1, 3]), bias: randomParameter([4]), strides: [2, 3] }),
  ),
  single('even kernel, same, stride 3', [7, 8, 2], (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([3, 4, 2, 2]), strides: [3, 3], padding: 'same' }),
  ),
  single('one channel, dilated, same', [7, 8, 1], (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([3, 3, 2, 1]), bias: randomParameter([3]), dilations: [2, 1], padding: 'same' }),
  ),
  single('one channel, strided, valid', [7, 8, 1], (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([3, 3, 2, 1]), strides: [2, 3] }),
  ),
  single('pictures, strided, rectified, then max pool of tiles', [10, 14, 3], (b, x) =>
    b.pool2d(
      'pool',
      b.activation(
        'relu',
        b.conv2d('conv', x, {
          kernel: randomParameter([4, 3, 2, 3]),
          bias: randomParameter([4]),
          strides: [1, 2],
          padding: 'same',
        }),
        'relu6',
      ),
      'max',
      [2, 1],
    ),
  ),
  single('one channel, dilated, then max pool of tiles', [9, 10, 1], (b, x) =>
    b.pool2d('pool', b.conv2d('conv', x, { kernel: randomParameter([3, 2, 2, 1]), dilations: [3, 2] }), 'max', [2, 2]),
  ),
  single('one channel, then max pool that leaves a row out', [7, 8, 1], (b, x) =>
    b.pool2d('pool', b.conv2d('conv', x, { kernel: randomParameter([3, 3, 2, 1]) }), 'max', [2, 3]),
  ),
  single('one channel, then max pool and another reader', [7, 9, 1], (b, x) => {
    const conv = b.conv2d('conv', x, { kernel: randomParameter([3, 2, 2, 1]), activation: 'relu' });
    return b.binary('add', 'add', b.pool2d('pool', conv, 'max', [2, 2]), b.pool2d('mean', conv, 'average', [2, 2]));
  }),
  single('depthwise dilated', [9, 9, 2], (b, x) =>
    b.depthwiseConv2d('conv', x, { kernel: randomParameter([1, 3, 3, 2]), dilations: [2, 3], padding: 'same' }),
  ),
  single('depthwise, multiplier 3, valid, stride 2', [7, 6, 2], (b, x) =>
    b.depthwiseConv2d('conv', x, { kernel: randomParameter([1, 3, 2, 6]), bias: randomParameter([6]), strides: [2, 2] }),
  ),
  single('transposed, kernel smaller than stride', [3, 2, 2], (b, x) =>
    b.transposeConv2d('up', x, { kernel: randomParameter([3, 2, 2, 2]), strides: [3, 3], padding: 'valid' }),
  ),
  single('average pool, same, overlapping', [5, 6, 3], (b, x) =>
    b.pool2d('pool', x, 'average', [3, 3], { strides: [2, 2], padding: 'same' }),
  ),
  single('average pool of tiles', [6, 4, 3], (b, x) => b.pool2d('pool', x, 'average', [3, 2])),
  single('max pool, same', [5, 6, 3], (b, x) => b.pool2d('pool', x, 'max', [3, 2], { strides: [2, 2], padding: 'same' })),
  single('nearest', [2, 3, 2], (b, x) => b.upsample('up', x, [2, 3])),
  single('bilinear', [3, 4, 2], (b, x) => b.upsample('up', x, [2, 2], 'bilinear')),
  single('batch norm', [3, 2, 4], (b, x) =>
    b.batchNorm('bn', x, {
      gamma: randomParameter([4]),
      beta: randomParameter([4]),
      mean: randomParameter([4]),
      variance: { shape: [4], data: Float32Array.of(0.5, 1, 2, 3) },
    }),
  ),
  single('global max', [3, 2, 4], (b, x) => b.globalPool('pool', b.activation('relu', x, 'relu'), 'max')),
  single('squeeze and excite', [3, 2, 4], (b, x) =>
    b.binary('scale', 'mul', b.conv2d('conv', x, { kernel: randomParameter([4, 1, 1, 4]) }), b.globalPool('pool', x, 'average', true)),
  ),
  single('vector added to an image', [3, 2, 4], (b, x) => b.binary('add', 'add', x, b.globalPool('pool', x, 'average'))),
  single('concat of rows', [3, 2, 4], (b, x) => b.concat('concat', [x, b.activation('tanh', x, 'tanh')], 0)),
  single('permute channels away', [3, 2, 4], (b, x) =>
    b.permute('permute', b.conv2d('conv', x, { kernel: randomParameter([3, 1, 1, 4]) }), [2, 0, 1]),
  ),
  single('flatten and dense', [3, 2, 4], (b, x) =>
    b.dense('dense', b.flatten('flatten', b.conv2d('conv', x, { kernel: randomParameter([3, 1, 1, 4]) })), {
      kernel: randomParameter([5, 18]),
    }),
  ),
  single('rescale per channel', [3, 2, 4], (b, x) => b.rescale('rescale', x, Float32Array.of(1, 2, 3, 4), Float32Array.of(0.5))),
  single('prelu by position', [3, 2, 4], (b, x) => b.prelu('prelu', x, randomParameter([3, 2, 4]))),
];

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });

it.each(
  [...operationNetworks, ...floatNetworks, ...compositeNetworks, embeddingNetwork, ...more].map(
    (network) => [network.name, network] as const,
  ),
)('%s equals the reference, a partial batch included', async (_, network) => {
  const [batchSize, size] = [3, 2];
  const embedded = network.operations.some(({ kind }) => kind === 'embedding');
  const inputs = network.inputs.map((id, i) => {
    const length = network.values.get(id)!.shape.reduce((product, n) => product * n, 1);
    const data = randomData(size * length, i + 1);
    if (id.startsWith(positive)) return data.map((x) => Math.abs(x) + 0.2);
    return embedded ? data.map((x) => Math.floor(Math.abs(x) * 2) % 3) : data;
  });
  const inference = await compileInference(engine, network, batchSize);
  const outputs = await inference.run(inputs, size);
  await inference.dispose();
  for (let example = 0; example < size; example++) {
    const expected = referenceOutputs(
      network,
      inputs.map((data) => data.subarray((example * data.length) / size, ((example + 1) * data.length) / size)),
    );
    expected.forEach((reference, i) => {
      const found = outputs[i]!.subarray(example * reference.length, (example + 1) * reference.length);
      expect(found).toHaveLength(reference.length);
      found.forEach((value, k) => expect(value).toBeCloseTo(reference[k]!, 4));
    });
  }
});

it('refuses inputs of another size with the shape that it wants', async () => {
  const inference = await compileInference(engine, more[0]!, 2);
  await expect(inference.run([new Float32Array(3)], 1)).rejects.toThrow('input "input" got 3 numbers for 1 examples of shape [5, 6, 3]');
});
