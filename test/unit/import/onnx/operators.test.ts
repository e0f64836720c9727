/** Each operator in the forms that exporters write, imported and compared with onnxruntime. */
import { describe, expect, it } from 'vitest';
import { importCompared, kindsOf } from './compared.ts';
import { OnnxWriter, type Attributes, type ModelOptions } from './onnx-model.ts';

type Build = (model: OnnxWriter, x: string) => string;

/** A model of one input `x` and one output. */
function modelOf(shape: readonly (number | string)[], build: Build, options: ModelOptions = {}): Uint8Array {
  const model = new OnnxWriter(7);
  const output = build(model, model.input('x', shape));
  return model.output(output).bytes(options);
}

const image = ['n', 6, 9, 8] as const;
const sequence = ['n', 4, 11] as const;
const features = ['n', 5] as const;

const conv =
  (weights: readonly number[], attributes: Attributes = {}, op = 'Conv'): Build =>
  (model, x) =>
    model.node(
      op,
      [x, model.weight(weights), model.weight([op === 'Conv' ? (weights[0] ?? 0) : (weights[1] ?? 0) * Number(attributes['group'] ?? 1)])],
      attributes,
    );
const pool =
  (op: string, attributes: Attributes): Build =>
  (model, x) =>
    model.node(op, [x], attributes);
const unary =
  (op: string, attributes: Attributes = {}): Build =>
  (model, x) =>
    model.node(op, [x], attributes);
const positive =
  (op: string): Build =>
  (model, x) =>
    model.node(op, [model.node('Add', [model.node('Abs', [x]), model.floats([0.5], [])])]);
const withConstant =
  (op: string, shape: readonly number[], constantFirst = false): Build =>
  (model, x) => {
    const constant = model.floats(
      Array.from({ length: shape.reduce((n, length) => n * length, 1) }, () => 0.5 + Math.abs(model.random.normal())),
      shape,
    );
    return model.node(op, constantFirst ? [constant, x] : [x, constant]);
  };
const self =
  (op: string, other: Build): Build =>
  (model, x) =>
    model.node(op, [x, other(model, x)]);
const reduce =
  (op: string, axes: readonly number[], keepdims: number): Build =>
  (model, x) =>
    model.node(op, [x], { axes, keepdims });

/** True in about half of the places. */
const mask = (model: OnnxWriter, shape: readonly number[]): string => model.node('Greater', [model.weight(shape), model.floats([0], [])]);
/** True up to the diagonal: what a causal attention looks at. */
const triangle = (model: OnnxWriter, n: number): string =>
  model.node('Greater', [
    model.node('Trilu', [model.floats(new Array<number>(n * n).fill(1), [n, n])], { upper: 0 }),
    model.floats([0], []),
  ]);

type Case = readonly [name: string, shape: readonly (number | string)[], build: Build, options?: ModelOptions];

const cases: readonly Case[] = [
  ['Conv, SAME by pads', image, conv([4, 6, 3, 3], { pads: [1, 1, 1, 1] })],
  ['Conv with stride 2 and symmetric pads', image, conv([4, 6, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] })],
  ['Conv with asymmetric pads', image, conv([4, 6, 3, 2], { pads: [0, 2, 1, 0] })],
  ['Conv with dilations', image, conv([4, 6, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] })],
  ['Conv in groups', image, conv([4, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1] })],
  ['Conv, depthwise', image, conv([6, 1, 3, 3], { group: 6, strides: [2, 2], pads: [1, 1, 1, 1] })],
  ['Conv, depthwise with a multiplier', image, conv([12, 1, 3, 3], { group: 6 })],
  ['Conv with auto_pad SAME_UPPER', image, conv([4, 6, 2, 3], { auto_pad: 'SAME_UPPER', strides: [2, 1] })],
  ['Conv with auto_pad SAME_LOWER', image, conv([4, 6, 2, 2], { auto_pad: 'SAME_LOWER' })],
  ['Conv over a sequence', sequence, conv([3, 4, 3], { pads: [1, 1] })],
  ['Conv over a sequence, depthwise and strided', sequence, conv([4, 1, 5], { group: 4, strides: [2] })],
  ['ConvTranspose, VALID', image, conv([6, 4, 2, 2], { strides: [2, 2] }, 'ConvTranspose')],
  ['ConvTranspose with pads that SAME has', image, conv([6, 4, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }, 'ConvTranspose')],
  [
    'ConvTranspose with output padding',
    image,
    conv([6, 4, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }, 'ConvTranspose'),
  ],
  [
    'ConvTranspose with a stride larger than its kernel',
    image,
    conv([6, 4, 1, 2], { strides: [2, 3], output_padding: [1, 0] }, 'ConvTranspose'),
  ],
  ['ConvTranspose in groups', image, conv([6, 2, 3, 3], { group: 3, strides: [2, 2] }, 'ConvTranspose')],
  ['ConvTranspose to a stated shape', image, conv([6, 4, 3, 3], { strides: [2, 2], output_shape: [18, 16] }, 'ConvTranspose')],
  ['ConvTranspose over a sequence', sequence, conv([4, 3, 4], { strides: [2], pads: [1, 1] }, 'ConvTranspose')],
  ['MaxPool', image, pool('MaxPool', { kernel_shape: [2, 2], strides: [2, 2] })],
  ['MaxPool padded, of values below zero', image, pool('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })],
  [
    'MaxPool padded, behind a ReLU',
    image,
    (model, x) => pool('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })(model, model.node('Relu', [x])),
  ],
  ['MaxPool in ceil mode', image, pool('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 })],
  ['MaxPool with dilations', image, pool('MaxPool', { kernel_shape: [2, 2], dilations: [3, 2] })],
  ['MaxPool over a sequence', sequence, pool('MaxPool', { kernel_shape: [3], strides: [2], pads: [1, 1] })],
  ['AveragePool', image, pool('AveragePool', { kernel_shape: [3, 2], strides: [1, 2] })],
  [
    'AveragePool padded, the padding counted',
    image,
    pool('AveragePool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }),
  ],
  [
    'AveragePool padded, the padding not counted',
    image,
    pool('AveragePool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ],
  ['AveragePool in ceil mode', image, pool('AveragePool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }), { opset: 19 }],
  [
    'AveragePool in ceil mode, the padding counted',
    image,
    pool('AveragePool', { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 }),
    { opset: 19 },
  ],
  ['GlobalAveragePool', image, pool('GlobalAveragePool', {})],
  ['GlobalMaxPool of a sequence', sequence, pool('GlobalMaxPool', {})],
  ['Gemm', features, (model, x) => model.node('Gemm', [x, model.weight([3, 5]), model.weight([3])], { transB: 1 })],
  [
    'Gemm with factors and a scalar bias',
    features,
    (model, x) => model.node('Gemm', [x, model.weight([5, 3]), model.floats([0.3])], { alpha: { float: 0.5 }, beta: { float: 2 } }),
  ],
  ['MatMul by a constant', ['n', 7, 5], (model, x) => model.node('MatMul', [x, model.weight([5, 3])])],
  ['MatMul of a constant', ['n', 7, 5], (model, x) => model.node('MatMul', [model.weight([4, 7]), x])],
  ['MatMul by a vector', ['n', 7, 5], (model, x) => model.node('MatMul', [x, model.weight([5], 'v', 0.4)])],
  ['MatMul of values', ['n', 7, 5], (model, x) => model.node('MatMul', [x, model.node('Transpose', [x], { perm: [0, 2, 1] })])],
  ['MatMul over image rows', image, (model, x) => model.node('MatMul', [x, model.weight([8, 3])])],
  [
    'BatchNormalization',
    image,
    (model, x) =>
      model.node('BatchNormalization', [x, model.weight([6]), model.weight([6]), model.weight([6]), model.floats([0.5, 1, 2, 3, 1, 0.7])], {
        epsilon: { float: 1e-3 },
      }),
  ],
  ['LayerNormalization', ['n', 7, 5], (model, x) => model.node('LayerNormalization', [x, model.weight([5]), model.weight([5])])],
  ['LayerNormalization over two axes', image, (model, x) => model.node('LayerNormalization', [x, model.weight([9, 8])], { axis: 2 })],
  ['InstanceNormalization', image, (model, x) => model.node('InstanceNormalization', [x, model.weight([6]), model.weight([6])])],
  [
    'GroupNormalization',
    image,
    (model, x) => model.node('GroupNormalization', [x, model.weight([6]), model.weight([6])], { num_groups: 3 }),
    { opset: 21 },
  ],
  [
    'GroupNormalization with one scale a group',
    image,
    (model, x) => model.node('GroupNormalization', [x, model.weight([3]), model.weight([3])], { num_groups: 3 }),
    { opset: 18 },
  ],
  ['Relu', image, unary('Relu')],
  ['LeakyRelu', image, unary('LeakyRelu', { alpha: { float: 0.2 } })],
  ['Elu', image, unary('Elu', { alpha: { float: 0.7 } })],
  ['Celu', image, unary('Celu', { alpha: { float: 0.7 } })],
  ['Selu', image, unary('Selu')],
  ['Sigmoid', image, unary('Sigmoid')],
  ['HardSigmoid', image, unary('HardSigmoid', { alpha: { float: 1 / 6 } })],
  ['HardSwish', image, unary('HardSwish')],
  ['Tanh', image, unary('Tanh')],
  ['Softplus', image, unary('Softplus')],
  ['Softsign', image, unary('Softsign')],
  ['Mish', image, unary('Mish'), { opset: 18 }],
  ['Erf', image, unary('Erf')],
  ['Gelu', image, unary('Gelu'), { opset: 20 }],
  ['Gelu by tanh', image, unary('Gelu', { approximate: 'tanh' }), { opset: 20 }],
  ['Abs', image, unary('Abs')],
  ['Neg', image, unary('Neg')],
  ['Exp', image, unary('Exp')],
  ['Sqrt', image, positive('Sqrt')],
  ['Log', image, positive('Log')],
  ['Reciprocal', image, positive('Reciprocal')],
  ['Clip to 0 and 6', image, (model, x) => model.node('Clip', [x, model.floats([0], []), model.floats([6], [])])],
  ['Clip on one side', image, (model, x) => model.node('Clip', [x, '', model.floats([0.5], [])])],
  ['Clip by attributes', image, unary('Clip', { min: { float: -0.5 }, max: { float: 3.4e38 } }), { opset: 10 }],
  ['PRelu with a slope a channel', image, (model, x) => model.node('PRelu', [x, model.weight([6, 1, 1], 'slope', 0.3)])],
  ['PRelu with one slope', features, (model, x) => model.node('PRelu', [x, model.floats([0.2])])],
  ['Softmax over the last axis', ['n', 7, 5], unary('Softmax', { axis: -1 })],
  ['Softmax over channels', image, unary('Softmax', { axis: 1 })],
  ['Softmax over all axes from one on', image, unary('Softmax', { axis: 2 }), { opset: 11 }],
  ['LogSoftmax', features, unary('LogSoftmax', { axis: 1 })],
  ['Add of one number', image, withConstant('Add', [])],
  ['Add of a number a channel', image, withConstant('Add', [6, 1, 1])],
  ['Mul by an image', image, withConstant('Mul', [1, 1, 9, 8])],
  ['Sub from a constant', image, withConstant('Sub', [1], true)],
  ['Div by a constant', image, withConstant('Div', [1, 6, 1, 1])],
  ['Div of a constant', image, (model, x) => model.node('Div', [model.floats([2], []), model.node('Exp', [x])])],
  ['Min with a constant', image, withConstant('Min', [6, 1, 1])],
  ['Max of three', image, (model, x) => model.node('Max', [x, model.node('Neg', [x]), model.floats([0.3], [])])],
  ['Mean of two', image, (model, x) => model.node('Mean', [x, model.node('Relu', [x])])],
  ['Sum of a value', image, (model, x) => model.node('Sum', [x])],
  ['Pow with exponent 2', image, (model, x) => model.node('Pow', [x, model.floats([2], [])])],
  ['Pow with exponent 1.5', image, (model, x) => model.node('Pow', [model.node('Exp', [x]), model.floats([1.5], [])])],
  ['Mul by pooled channels', image, self('Mul', pool('GlobalAveragePool', {}))],
  [
    'Add of values of different rank',
    ['n', 3, 4, 5],
    (model, x) => model.node('Add', [x, model.node('ReduceMean', [x], { axes: [1, 2], keepdims: 0 }, 'm')]),
    { opset: 13 },
  ],
  ['Concat along channels', image, (model, x) => model.node('Concat', [x, model.node('Relu', [x])], { axis: 1 })],
  ['Concat with a constant', ['n', 3, 4], (model, x) => model.node('Concat', [model.weight([1, 1, 4]), x], { axis: 1 })],
  [
    'Split into equal parts',
    image,
    (model, x) => model.node('Add', [...model.multiple('Split', [x], ['a', 'b'], { axis: 1 })]),
    { opset: 13 },
  ],
  [
    'Split into stated parts',
    image,
    (model, x) =>
      model.node('Mul', [
        'a',
        model.node('ReduceMean', [model.multiple('Split', [x, model.integers([2, 4])], ['a', 'b'], { axis: 1 })[1] ?? ''], { axes: [1] }),
      ]),
  ],
  [
    'Slice by inputs',
    image,
    (model, x) =>
      model.node('Slice', [x, model.integers([1, -3]), model.integers([5, 2 ** 62]), model.integers([1, 2]), model.integers([2, 1])]),
  ],
  ['Slice by attributes', image, unary('Slice', { starts: [1, 2], ends: [5, 100], axes: [1, 3] }), { opset: 9 }],
  [
    'Slice backwards',
    ['n', 6, 4],
    (model, x) => model.node('Slice', [x, model.integers([-1]), model.integers([-7]), model.integers([1]), model.integers([-1])]),
  ],
  ['Gather of one index', image, (model, x) => model.node('Gather', [x, model.integers([-1], [])], { axis: 2 })],
  ['Gather of channels in another order', image, (model, x) => model.node('Gather', [x, model.integers([5, 0, 2, 4])], { axis: 1 })],
  ['Pad with zeros', image, (model, x) => model.node('Pad', [x, model.integers([0, 1, 2, 0, 0, 0, 1, 3])])],
  ['Pad with a number', image, (model, x) => model.node('Pad', [x, model.integers([0, 0, 1, 1, 0, 0, 1, 1]), model.floats([-2], [])])],
  ['Pad by reflection', image, (model, x) => model.node('Pad', [x, model.integers([0, 0, 2, 1, 0, 0, 1, 2])], { mode: 'reflect' })],
  ['Pad with the edge, and cut', image, (model, x) => model.node('Pad', [x, model.integers([0, 0, 2, -1, 0, 0, -1, 1])], { mode: 'edge' })],
  ['Pad by attributes', image, unary('Pad', { pads: [0, 0, 1, 1, 0, 0, 1, 1] }), { opset: 10 }],
  ['Flatten', image, unary('Flatten')],
  ['Reshape with 0 and -1', image, (model, x) => model.node('Reshape', [x, model.integers([0, 3, -1])])],
  [
    'Squeeze and Unsqueeze',
    ['n', 1, 5],
    (model, x) => model.node('Unsqueeze', [model.node('Squeeze', [x, model.integers([1])]), model.integers([1, 3])]),
  ],
  ['Squeeze by attributes', ['n', 1, 5], unary('Squeeze', { axes: [1] }), { opset: 11 }],
  ['Transpose', image, unary('Transpose', { perm: [0, 2, 3, 1] })],
  [
    'Transpose of a sequence with the batch',
    [1, 7, 5],
    (model, x) => model.node('MatMul', [model.node('Transpose', [x], { perm: [1, 0, 2] }), model.weight([5, 3])]),
  ],
  ['Expand', ['n', 3, 1, 4], (model, x) => model.node('Expand', [x, model.integers([1, 3, 2, 4])])],
  ['Tile', ['n', 3, 4], (model, x) => model.node('Tile', [x, model.integers([1, 2, 3])])],
  ['ReduceMean over positions', image, reduce('ReduceMean', [2, 3], 0), { opset: 13 }],
  ['ReduceMean over channels', image, reduce('ReduceMean', [1], 1), { opset: 13 }],
  ['ReduceSum with axes as an input', image, (model, x) => model.node('ReduceSum', [x, model.integers([-1])], { keepdims: 0 })],
  ['ReduceMax', image, reduce('ReduceMax', [1, 2], 0), { opset: 13 }],
  ['ReduceMin', image, reduce('ReduceMin', [3], 1), { opset: 13 }],
  ['ReduceL2', image, reduce('ReduceL2', [1], 1), { opset: 13 }],
  ['ReduceLogSumExp', image, reduce('ReduceLogSumExp', [2, 3], 1), { opset: 13 }],
  [
    'Resize nearest by a factor',
    image,
    (model, x) =>
      model.node('Resize', [x, '', model.floats([1, 1, 2, 2])], {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      }),
  ],
  [
    'Resize nearest with half-pixel centres',
    image,
    (model, x) => model.node('Resize', [x, '', model.floats([1, 1, 2, 3])], { mode: 'nearest' }),
  ],
  [
    'Resize bilinear to sizes',
    image,
    (model, x) =>
      model.node('Resize', [x, '', '', model.integers([1, 6, 13, 20])], {
        mode: 'linear',
        coordinate_transformation_mode: 'pytorch_half_pixel',
      }),
  ],
  [
    'Resize bilinear with aligned corners',
    image,
    (model, x) =>
      model.node('Resize', [x, '', '', model.integers([1, 6, 18, 16])], {
        mode: 'linear',
        coordinate_transformation_mode: 'align_corners',
      }),
  ],
  [
    'Resize bilinear by factors that are not those of the sizes',
    image,
    (model, x) => model.node('Resize', [x, '', model.floats([1, 1, 1.5, 1.75])], { mode: 'linear' }),
  ],
  [
    'Resize bilinear down by factors that are not those of the sizes, asymmetric',
    image,
    (model, x) =>
      model.node('Resize', [x, '', model.floats([1, 1, 0.7, 0.4])], { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }),
  ],
  [
    'Upsample bilinear by such a factor',
    image,
    (model, x) => model.node('Upsample', [x, model.floats([1, 1, 1.5, 1.5])], { mode: 'linear' }),
    { opset: 9 },
  ],
  ['Where a known mask says', image, (model, x) => model.node('Where', [mask(model, [9, 8]), x, model.node('Neg', [x])])],
  [
    'Where a known mask puts minus infinity before a softmax',
    ['n', 2, 4, 4],
    (model, x) => model.node('Softmax', [model.node('Where', [triangle(model, 4), x, model.floats([-Infinity], [])])], { axis: -1 }),
  ],
  [
    'Add of a mask of minus infinities before a softmax',
    ['n', 2, 3, 3],
    (model, x) =>
      model.node('Softmax', [model.node('Add', [x, model.floats([0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0, 0], [3, 3])])]),
  ],
  [
    'Where, guarding a softmax against rows that are masked whole',
    ['n', 2, 4, 4],
    (model, x) => {
      const softmax = model.node('Softmax', [x], { axis: -1 });
      return model.node('Where', [model.node('IsNaN', [softmax]), model.floats([0], []), softmax]);
    },
  ],
  [
    'MatMul of constants, as spectral normalization has it',
    features,
    (model, x) => {
      const [weight, u, v] = [model.weight([5, 3]), model.weight([5], 'u', 1), model.weight([3], 'v', 1)];
      const sigma = model.node('MatMul', [u, model.node('MatMul', [weight, v])]);
      return model.node('MatMul', [x, model.node('Div', [weight, sigma])]);
    },
  ],
  [
    'Resize bilinear, asymmetric',
    image,
    (model, x) =>
      model.node('Resize', [x, '', model.floats([1, 1, 2, 2])], { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }),
  ],
  ['Upsample', image, (model, x) => model.node('Upsample', [x, model.floats([1, 1, 2, 2])], { mode: 'nearest' }), { opset: 9 }],
  ['DepthToSpace', ['n', 8, 3, 4], unary('DepthToSpace', { blocksize: 2 })],
  ['DepthToSpace, as PixelShuffle counts', ['n', 8, 3, 4], unary('DepthToSpace', { blocksize: 2, mode: 'CRD' })],
  ['SpaceToDepth', ['n', 3, 4, 6], unary('SpaceToDepth', { blocksize: 2 })],
  [
    'Identity, Dropout and Cast between floats',
    image,
    (model, x) => model.node('Cast', [model.node('Dropout', [model.node('Identity', [x])])], { to: 1 }),
  ],
];

describe('ONNX operators compute what onnxruntime computes', () => {
  it.each(cases.map(([name, shape, build, options]) => ({ name, shape, build, options })))('$name', async ({ shape, build, options }) => {
    const { network } = await importCompared(modelOf(shape, build, options));
    expect(network.operations.length).toBeGreaterThan(0);
  });
});

describe('ONNX operators become the operations that fit', () => {
  it.each<readonly [string, readonly (number | string)[], Build, readonly string[]]>([
    ['one SAME convolution', image, conv([4, 6, 3, 3], { pads: [1, 1, 1, 1] }), ['conv2d']],
    [
      'padding and a VALID one where SAME pads otherwise',
      ['n', 6, 8, 8],
      conv([4, 6, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }),
      ['pad', 'conv2d'],
    ],
    ['a depthwise convolution', image, conv([6, 1, 3, 3], { group: 6 }), ['depthwiseConv2d']],
    [
      'a transposed convolution without a crop',
      image,
      conv([6, 4, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }, 'ConvTranspose'),
      ['transposeConv2d'],
    ],
    ['nothing to move for pooled channels', image, self('Mul', pool('GlobalAveragePool', {})), ['globalPool', 'binary']],
    ['a dense layer', features, (model, x) => model.node('Gemm', [x, model.weight([3, 5])], { transB: 1 }), ['dense']],
    [
      'a known tensor that is filled by ScatterND, rows and single elements',
      features,
      (model, x) => {
        const rows = model.node('ScatterND', [model.weight([3, 5]), model.integers([2, -3], [2, 1]), model.weight([2, 5])]);
        const kernel = model.node('ScatterND', [rows, model.integers([0, 4, 1, 0], [2, 2]), model.floats([7, -7], [2])]);
        return model.node('Gemm', [x, kernel], { transB: 1 });
      },
      ['dense'],
    ],
    ['a ReLU6', image, (model, x) => model.node('Clip', [x, model.floats([0], []), model.floats([6], [])]), ['activation']],
    [
      'reordered columns in place of a transposition before a dense layer',
      image,
      (model, x) =>
        model.node('Gemm', [model.node('Flatten', [model.node('Relu', [conv([4, 6, 3, 3])(model, x)])]), model.weight([3, 4 * 7 * 6])], {
          transB: 1,
        }),
      ['conv2d', 'activation', 'reshape', 'dense'],
    ],
    [
      'reordered columns of each head behind one flattened image',
      image,
      (model, x) => {
        const flat = model.node('Flatten', [conv([4, 6, 3, 3])(model, x)]);
        const head = (): string => model.node('Gemm', [flat, model.weight([3, 4 * 7 * 6])], { transB: 1 });
        return model.node('Add', [head(), model.node('Relu', [head()])]);
      },
      ['conv2d', 'reshape', 'dense', 'dense', 'activation', 'binary'],
    ],
  ])('%s', async (_, shape, build, kinds) => {
    expect(kindsOf(await importCompared(modelOf(shape, build)))).toEqual(kinds);
  });
});
