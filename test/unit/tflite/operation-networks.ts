import type { Network, Parameter, Shape, ValueId } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { createRandom } from '../../../src/core/random.ts';

const random = createRandom(7);

export function randomParameter(shape: Shape, scale = 0.5): Parameter {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length: count }, () => random.normal() * scale) };
}

function network(
  name: string,
  shapes: readonly Shape[],
  make: (builder: NetworkBuilder, inputs: readonly ValueId[]) => ValueId,
  kinds: readonly string[] = [],
): Network {
  const builder = new NetworkBuilder(name);
  const inputs = shapes.map((shape, i) => builder.input(shape, `${kinds[i] ?? 'input'}_${i}`));
  return builder.build([make(builder, inputs)]);
}

/** The inputs of a network whose names start with this are above 0.2. */
export const positive = 'positive';

const image: Shape = [6, 5, 4];
const one = (name: string, make: (builder: NetworkBuilder, x: ValueId) => ValueId, shape: Shape = image): Network =>
  network(name, [shape], (builder, [x]) => make(builder, x ?? ''));

const ofPositive = (name: string, make: (builder: NetworkBuilder, x: ValueId) => ValueId): Network =>
  network(name, [image], (builder, [x]) => make(builder, x ?? ''), [positive]);

/** One small network for every operation that the writer knows, with its options varied. */
export const operationNetworks: readonly Network[] = [
  one('conv2d same relu', (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([8, 3, 3, 4]), bias: randomParameter([8]), padding: 'same', activation: 'relu' }),
  ),
  one('conv2d valid strided relu6', (b, x) =>
    b.conv2d('conv', x, {
      kernel: randomParameter([3, 3, 2, 4]),
      bias: randomParameter([3]),
      strides: [2, 1],
      padding: 'valid',
      activation: 'relu6',
    }),
  ),
  one('conv2d dilated without bias', (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([3, 2, 2, 4]), dilations: [2, 2], padding: 'valid' }),
  ),
  one('depthwiseConv2d', (b, x) =>
    b.depthwiseConv2d('depthwise', x, {
      kernel: randomParameter([1, 3, 3, 4]),
      bias: randomParameter([4]),
      padding: 'same',
      activation: 'relu',
    }),
  ),
  one('depthwiseConv2d multiplier 2', (b, x) =>
    b.depthwiseConv2d('depthwise', x, {
      kernel: randomParameter([1, 3, 3, 8]),
      bias: randomParameter([8]),
      strides: [2, 2],
      padding: 'same',
    }),
  ),
  one('conv2d of 2 groups', (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([6, 3, 3, 2]), bias: randomParameter([6]), padding: 'same', activation: 'relu' }),
  ),
  one('conv2d of 4 groups, strided, without bias', (b, x) =>
    b.conv2d('conv', x, { kernel: randomParameter([8, 3, 2, 1]), strides: [2, 2], padding: 'valid' }),
  ),
  one('transposeConv2d with output padding', (b, x) =>
    b.transposeConv2d('up', x, {
      kernel: randomParameter([3, 3, 3, 4]),
      bias: randomParameter([3]),
      strides: [2, 2],
      padding: 'valid',
      outputSize: [14, 12],
    }),
  ),
  one('transposeConv2d to an odd size', (b, x) =>
    b.transposeConv2d('up', x, { kernel: randomParameter([3, 3, 3, 4]), strides: [2, 2], padding: 'same', outputSize: [11, 9] }),
  ),
  one('transposeConv2d', (b, x) =>
    b.transposeConv2d('up', x, { kernel: randomParameter([3, 3, 3, 4]), bias: randomParameter([3]), strides: [2, 2], padding: 'same' }),
  ),
  one('transposeConv2d relu without bias', (b, x) =>
    b.transposeConv2d('up', x, { kernel: randomParameter([3, 2, 2, 4]), strides: [2, 2], padding: 'valid', activation: 'relu' }),
  ),
  one('dense', (b, x) => b.dense('dense', x, { kernel: randomParameter([5, 7]), bias: randomParameter([5]), activation: 'relu' }), [7]),
  one('dense over the last axis', (b, x) => b.dense('dense', x, { kernel: randomParameter([5, 4]), bias: randomParameter([5]) })),
  ...(['relu', 'relu6', 'sigmoid', 'tanh', 'softmax', 'logSoftmax', 'l2Normalize', 'hardSwish', 'swish'] as const).map((name) =>
    one(name, (b, x) => b.activation('activation', x, name)),
  ),
  one('leakyRelu', (b, x) => b.activation('activation', x, 'leakyRelu', 0.2)),
  one('elu', (b, x) => b.activation('activation', x, 'elu', 1)),
  one('gelu', (b, x) => b.activation('activation', x, 'gelu', 0)),
  one('gelu tanh', (b, x) => b.activation('activation', x, 'gelu', 1)),
  one('prelu', (b, x) => b.prelu('prelu', x, randomParameter([1, 1, 4]))),
  ...(['add', 'sub', 'mul', 'max', 'min'] as const).map((name) =>
    network(name, [image, image], (b, [x = '', y = '']) => b.binary('binary', name, x, y)),
  ),
  network('add relu', [image, image], (b, [x = '', y = '']) => b.binary('binary', 'add', x, y, 'relu')),
  network('mul broadcast', [image, [1, 1, 4]], (b, [x = '', y = '']) => b.binary('binary', 'mul', x, y)),
  network('max with a sigmoid', [image, image], (b, [x = '', y = '']) => b.binary('binary', 'max', x, b.activation('gate', y, 'sigmoid'))),
  one('add a constant of less axes', (b, x) => b.binary('binary', 'add', x, b.constant('constant', randomParameter([5, 4])))),
  one('min with a constant', (b, x) => b.binary('binary', 'min', x, b.constant('constant', { shape: [1], data: Float32Array.of(0.5) }))),
  one('abs', (b, x) => b.unary('unary', x, 'abs')),
  one('exp', (b, x) => b.unary('unary', x, 'exp')),
  ofPositive('log', (b, x) => b.unary('unary', x, 'log')),
  ofPositive('rsqrt', (b, x) => b.unary('unary', x, 'rsqrt')),
  ofPositive('sqrt', (b, x) => b.unary('unary', x, 'sqrt')),
  network(
    'batchMatmul',
    [
      [5, 4],
      [4, 3],
    ],
    (b, [x = '', y = '']) => b.batchMatmul('matmul', x, y),
  ),
  network(
    'batchMatmul of heads, transposed',
    [
      [2, 5, 4],
      [2, 3, 4],
    ],
    (b, [x = '', y = '']) => b.batchMatmul('matmul', x, y, { transposeB: true }),
  ),
  network(
    'batchMatmul, both transposed',
    [
      [4, 5],
      [3, 4],
    ],
    (b, [x = '', y = '']) => b.batchMatmul('matmul', x, y, { transposeA: true, transposeB: true }),
  ),
  one('batchMatmul by a constant', (b, x) => b.batchMatmul('matmul', x, b.constant('constant', randomParameter([1, 4, 3])))),
  one('rescale image', (b, x) => b.rescale('rescale', x, Float32Array.of(0.5, -2, 1, 3), Float32Array.of(1, 0, -1, 2))),
  one('rescale vector by one number', (b, x) => b.rescale('rescale', x, Float32Array.of(0.5), Float32Array.of(-1)), [7]),
  network('concat', [image, image], (b, [x = '', y = '']) => b.concat('concat', [x, y], 2)),
  network('concat with sigmoid', [image, image], (b, [x = '', y = '']) => b.concat('concat', [x, b.activation('gate', y, 'sigmoid')], 2)),
  one('pad', (b, x) =>
    b.pad('pad', x, [
      [1, 2],
      [0, 1],
      [0, 0],
    ]),
  ),
  one('crop', (b, x) => b.crop('crop', x, [1, 0, 1], [3, 4, 2])),
  one('pad with a number', (b, x) =>
    b.pad(
      'pad',
      x,
      [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      -2.5,
    ),
  ),
  one('strided crop', (b, x) => b.crop('crop', x, [1, 0, 0], [3, 2, 4], [2, 3, 1])),
  one('mean over channels', (b, x) => b.reduce('reduce', x, 'mean', [2], true)),
  one('mean over height', (b, x) => b.reduce('reduce', x, 'mean', [0])),
  one('mean of all', (b, x) => b.reduce('reduce', x, 'mean', [0, 1, 2], true)),
  one('sum over width and channels', (b, x) => b.reduce('reduce', x, 'sum', [1, 2])),
  one('max over channels', (b, x) => b.reduce('reduce', x, 'max', [-1])),
  one('min over height and width', (b, x) => b.reduce('reduce', x, 'min', [0, 1], true)),
  one('max pool', (b, x) => b.pool2d('pool', x, 'max', [2, 2], { padding: 'same' })),
  one('average pool', (b, x) => b.pool2d('pool', x, 'average', [3, 2], { strides: [2, 2], padding: 'same' })),
  one('global average', (b, x) => b.globalPool('pool', x, 'average')),
  one('global max kept', (b, x) => b.globalPool('pool', x, 'max', true)),
  one('reshape', (b, x) => b.flatten('flatten', x)),
  one('permute', (b, x) => b.permute('permute', x, [2, 0, 1])),
  one('upsample nearest', (b, x) => b.upsample('up', x, [2, 3])),
  one('nearest to any size', (b, x) => b.resize('resize', x, [7, 3], 'nearest', 'halfPixel')),
  one('nearest with aligned corners', (b, x) => b.resize('resize', x, [11, 9], 'nearest', 'alignCorners')),
  one('bilinear to any size', (b, x) => b.resize('resize', x, [9, 3], 'bilinear', 'halfPixel')),
  one('bilinear with aligned corners', (b, x) => b.resize('resize', x, [4, 9], 'bilinear', 'alignCorners')),
  one('bilinear, asymmetric', (b, x) => b.resize('resize', x, [8, 7], 'bilinear', 'asymmetric')),
  one('depthToSpace', (b, x) => b.depthToSpace('blocks', x, 2)),
  one('spaceToDepth', (b, x) => b.spaceToDepth('blocks', x, 2), [6, 4, 3]),
  one('upsample bilinear', (b, x) => b.upsample('up', x, [2, 2], 'bilinear')),
];

export const embeddingNetwork = one('embedding', (b, x) => b.embedding('embedding', x, randomParameter([10, 3])), [6]);
export const scaledEluNetwork = one('elu of alpha 0.3', (b, x) => b.activation('activation', x, 'elu', 0.3));

/** Without an integer kernel: between two conversions. */
export const floatNetworks: readonly Network[] = [
  one('erf', (b, x) => b.activation('activation', x, 'erf')),
  network('div', [image, image], (b, [x = '', y = '']) => b.binary('binary', 'div', x, y), ['input', positive]),
  ofPositive('constant over a value', (b, x) => b.binary('binary', 'div', b.constant('constant', randomParameter([6, 5, 4])), x)),
  network('pow', [image, image], (b, [x = '', y = '']) => b.binary('binary', 'pow', x, y), [positive, 'input']),
];
/** Activations that deployment expands. */
export const compositeNetworks: readonly Network[] = [
  ...(['softplus', 'softsign', 'mish'] as const).map((name) => one(name, (b, x) => b.activation('activation', x, name))),
  one('celu', (b, x) => b.activation('activation', x, 'celu', 0.7)),
  scaledEluNetwork,
];

export function randomInputs(of: Network, seed: number): Float32Array[] {
  const inputs = createRandom(seed);
  return of.inputs.map((id) => {
    const count = (of.values.get(id)?.shape ?? []).reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, () => inputs.normal() * 1.5);
    return id.startsWith(positive) ? values.map((value) => Math.abs(value) + 0.2) : values;
  });
}
