import { it } from 'vitest';
import type { Network } from '../../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../../src/core/network/network-builder.ts';
import type { Loss } from '../../../../src/core/train/fine-tuning.ts';
import { randomData } from '../../fixtures/random-data.ts';
import { seededParameter } from '../training-fixtures.ts';
import { compareWithFiniteDifferences } from './compare-with-finite-differences.ts';
import { batchSize, bias, compare, engines, network, numericGradient, symbolicGradient } from './gradient-fixtures.ts';

const activations = ['relu', 'relu6', 'sigmoid', 'tanh', 'softmax', 'hardSwish', 'swish'] as const;
const cases: readonly (readonly [string, Network])[] = [
  ['dense over the last axis', network([2, 3, 1], (b, x) => b.dense('d', x, { kernel: seededParameter([3, 2], 3), bias: bias(3) }))],
  ['flatten, dense', network([2, 3, 1], (b, x) => b.dense('d', b.flatten('f', x), { kernel: seededParameter([3, 12], 3), bias: bias(3) }))],
  ...activations.map((name) => [name, network([2, 3, 1], (b, x) => b.activation('a', x, name))] as const),
  ['leakyRelu', network([2, 3, 1], (b, x) => b.activation('a', x, 'leakyRelu', 0.2))],
  ['elu', network([2, 3, 1], (b, x) => b.activation('a', x, 'elu', 0.7))],
  ['gelu', network([2, 3, 1], (b, x) => b.activation('a', x, 'gelu', 0))],
  ['gelu tanh', network([2, 3, 1], (b, x) => b.activation('a', x, 'gelu', 1))],
  ...(['logSoftmax', 'l2Normalize', 'softplus', 'softsign', 'mish', 'erf'] as const).map(
    (name) => [name, network([2, 3, 1], (b, x) => b.activation('a', x, name))] as const,
  ),
  ['celu', network([2, 3, 1], (b, x) => b.activation('a', x, 'celu', 0.7))],
  ...(['abs', 'exp'] as const).map((name) => [name, network([2, 3, 1], (b, x) => b.unary('a', x, name))] as const),
  ...(['log', 'sqrt', 'rsqrt'] as const).map(
    (name) => [name, network([2, 3, 1], (b, x) => b.unary('a', b.activation('above', x, 'sigmoid'), name))] as const,
  ),
  ...(['div', 'max', 'min', 'pow'] as const).map(
    (name) =>
      [name, network([2, 3, 1], (b, x) => b.binary('b', name, b.activation('above', x, 'sigmoid'), b.unary('power', x, 'exp')))] as const,
  ),
  ['mean over channels', network([2, 3, 1], (b, x) => b.binary('sub', 'sub', x, b.reduce('mean', x, 'mean', [2], true)))],
  ['sum over width', network([2, 3, 1], (b, x) => b.reduce('sum', x, 'sum', [1]))],
  ['max over channels', network([2, 3, 1], (b, x) => b.reduce('max', x, 'max', [2]))],
  ['resize', network([2, 3, 1], (b, x) => b.resize('resize', x, [3, 5], 'bilinear', 'halfPixel'))],
  ['nearest to any size', network([2, 3, 1], (b, x) => b.resize('resize', x, [3, 4], 'nearest', 'halfPixel'))],
  [
    'blocks and back',
    network([2, 4, 1], (b, x) =>
      b.depthToSpace('back', b.binary('square', 'mul', b.spaceToDepth('blocks', x, 2), b.spaceToDepth('again', x, 2)), 2),
    ),
  ],
  ['strided crop', network([4, 5, 1], (b, x) => b.crop('crop', x, [1, 0, 0], [2, 3, 2], [2, 2, 1]))],
  [
    'attention',
    network([2, 3, 1], (b, x) => {
      const rows = b.reshape('rows', x, [6, 2]);
      const keys = b.dense('keys', rows, { kernel: seededParameter([2, 2], 3) });
      const scores = b.activation('scores', b.batchMatmul('product', rows, keys, { transposeB: true }), 'softmax');
      return b.batchMatmul('mixed', scores, keys);
    }),
  ],
  [
    'a learned constant and rescale',
    network([2, 3, 1], (b, x) =>
      b.rescale(
        'scale',
        b.binary('add', 'add', x, b.constant('position', seededParameter([3, 2], 4), { learned: true })),
        Float32Array.of(0.5, 2),
        Float32Array.of(0.1, 0),
        {
          learned: true,
        },
      ),
    ),
  ],
  ['prelu', network([2, 3, 1], (b, x) => b.prelu('a', x, { shape: [1, 1, 2], data: Float32Array.of(0.2, 0.3) }))],
  ['max pool', network([4, 5, 1], (b, x) => b.pool2d('p', x, 'max', [2, 2]))],
  [
    'unfolded convolution, rectifier, max pool of tiles',
    network([6, 8, 1], (b, x) =>
      b.pool2d(
        'p',
        b.conv2d('c', x, { kernel: seededParameter([3, 3, 3, 2], 3), bias: bias(3), padding: 'same', activation: 'relu' }),
        'max',
        [2, 2],
      ),
    ),
  ],
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

it.each(cases)('%s: the gradient of every parameter equals finite differences of the reference in double precision', (_, tested) =>
  compareWithFiniteDifferences(tested),
);

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
