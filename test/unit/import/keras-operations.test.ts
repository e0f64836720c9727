/** Functions called between the layers, as Keras 2 (TFOpLambda) and Keras 3 (operations) store them. */
import { describe, expect, it } from 'vitest';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { runFloat } from '../tflite/run-tflite.ts';
import { importTopology } from './keras-model-files.ts';

/** Each layer's class and config, and how it is called. */
interface Step {
  readonly class_name: string;
  readonly config?: object;
  readonly inbound_nodes: unknown;
}

/** From an input `x` of two channels through steps named `s0`, `s1`…; the last one is the output. */
async function compute(
  kerasVersion: string,
  steps: readonly Step[],
  given: readonly number[],
  shape: readonly number[] = [2],
): Promise<{ network: number[]; litert: number[] }> {
  const layers = [
    { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_input_shape: [null, ...shape] }, inbound_nodes: [] },
    ...steps.map((step, i) => ({ ...step, name: `s${i}`, config: { name: `s${i}`, ...step.config } })),
  ];
  const { network } = await importTopology(
    {
      class_name: 'Functional',
      keras_version: kerasVersion,
      config: { name: 'net', layers, input_layers: [['x', 0, 0]], output_layers: [[`s${steps.length - 1}`, 0, 0]] },
    },
    [],
  );
  const input = Float32Array.from(given);
  const [expected = new Float32Array()] = referenceOutputs(network, [input]);
  const [output = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network: prepareForDeployment(network) }), [input]);
  return { network: [...expected], litert: [...output] };
}

/** Keras 2: the first operand in place, the second among the keywords. */
const call = (name: string, first: readonly unknown[], keywords: object = {}): Step => ({
  class_name: 'TFOpLambda',
  config: { function: name },
  inbound_nodes: [[...first, { ...keywords, name: null }]],
});
const constant = (value: unknown): readonly unknown[] => ['_CONSTANT_VALUE', -1, value];
const of = (layer: string): readonly unknown[] => [layer, 0, 0];

/** Keras 3: operands in their order. */
const operation = (class_name: string, ...args: readonly unknown[]): Step => ({
  class_name,
  inbound_nodes: [{ args: args.map((argument) => (typeof argument === 'string' ? tensor(argument) : argument)), kwargs: {} }],
});
const tensor = (layer: string): object => ({ class_name: '__keras_tensor__', config: { shape: [null, 2], keras_history: [layer, 0, 0] } });
const array = (value: readonly number[]): object => ({ class_name: '__numpy__', config: { value, dtype: 'float32' } });

const cases: readonly (readonly [string, string, readonly Step[], readonly number[], readonly number[]])[] = [
  ['x / 127.5 - 1', '2.15.0', [call('math.truediv', of('x'), { y: 127.5 }), call('math.subtract', of('s0'), { y: 1 })], [0, 255], [-1, 1]],
  ['2 * x', '2.15.0', [call('math.multiply', constant(2), { y: of('x') })], [3, -4], [6, -8]],
  ['1 - x', '2.15.0', [call('math.subtract', constant(1), { y: of('x') })], [3, -4], [-2, 5]],
  ['x minus a mean of each channel', '2.15.0', [call('math.subtract', of('x'), { y: [10, 20] })], [11, 18], [1, -2]],
  ['10 and 20 minus x', '2.15.0', [call('math.subtract', constant([10, 20]), { y: of('x') })], [1, 2], [9, 18]],
  ['relu(x) + x', '2.15.0', [call('nn.relu', of('x')), call('__operators__.add', of('s0'), { y: of('x') })], [3, -4], [6, -4]],
  [
    'swish of x * x',
    '2.15.0',
    [call('math.multiply', of('x'), { y: of('x') }), call('nn.silu', of('s0'))],
    [1, 0],
    [1 / (1 + Math.exp(-1)), 0],
  ],
  ['x / 127.5 - 1', '3.5.0', [operation('TrueDivide', 'x', 127.5), operation('Subtract', 's0', 1)], [0, 255], [-1, 1]],
  ['1 - x', '3.5.0', [operation('Subtract', 1, 'x')], [3, -4], [-2, 5]],
  ['x times a factor of each channel', '3.5.0', [operation('Multiply', 'x', array([2, 3]))], [3, -4], [6, -12]],
  ['5 + relu6(x)', '3.5.0', [operation('Relu6', 'x'), operation('Add', 5, 's0')], [7, -4], [11, 5]],
  ['x - relu(x)', '3.5.0', [operation('Relu', 'x'), operation('Subtract', 'x', 's0')], [7, -4], [0, -4]],
];

/** Keras 3 with fields in the config. */
const configured = (class_name: string, config: object, ...args: readonly unknown[]): Step => ({
  ...operation(class_name, ...args),
  config,
});
const slice = (start: number | null, stop: number | null, step: number | null = null): object => ({
  class_name: '__slice__',
  config: { start, stop, step },
});
const tuple = (...items: readonly unknown[]): object => ({ class_name: '__tuple__', items });
const rows = [1, 2, 3, 4, 5, 6];

/** Of `[[1, 2, 3], [4, 5, 6]]`. */
const ofMatrix: readonly (readonly [string, string, readonly Step[], readonly number[]])[] = [
  ['mean over an axis', '3.5.0', [configured('Mean', { axis: [1], keepdims: false }, 'x')], [2.5, 3.5, 4.5]],
  ['mean over the last axis', '2.15.0', [call('math.reduce_mean', of('x'), { axis: -1, keepdims: true })], [2, 5]],
  ['sum', '3.5.0', [configured('Sum', { axis: -1, keepdims: true }, 'x')], [6, 15]],
  ['max', '2.15.0', [call('math.reduce_max', of('x'), { axis: [1] })], [4, 5, 6]],
  ['transpose', '3.5.0', [configured('Transpose', { axes: [0, 2, 1] }, 'x')], [1, 4, 2, 5, 3, 6]],
  ['transpose', '2.15.0', [call('transpose', of('x'), { perm: [0, 2, 1] })], [1, 4, 2, 5, 3, 6]],
  ['reshape', '3.5.0', [configured('Reshape', { newshape: [-1, 3, 2] }, 'x'), configured('Sum', { axis: 1 }, 's0')], [9, 12]],
  ['reshape', '2.15.0', [call('reshape', of('x'), { shape: [-1, 6] })], rows],
  [
    'pad',
    '3.5.0',
    [configured('Pad', { pad_width: tuple(tuple(0, 0), tuple(0, 0), tuple(1, 0)), mode: 'constant' }, 'x')],
    [0, 1, 2, 3, 0, 4, 5, 6],
  ],
  [
    'pad',
    '2.15.0',
    [
      call('pad', of('x'), {
        paddings: [
          [0, 0],
          [1, 0],
          [0, 0],
        ],
        constant_values: 7,
      }),
    ],
    [7, 7, 7, ...rows],
  ],
  ['x[:, 1:, ::2]', '3.5.0', [operation('GetItem', 'x', tuple(slice(null, null), slice(1, null), slice(null, null, 2)))], [4, 6]],
  ['x[:, -1]', '3.5.0', [operation('GetItem', 'x', tuple(slice(null, null), -1))], [4, 5, 6]],
  ['x[..., 0]', '3.5.0', [operation('GetItem', 'x', tuple({ class_name: '__ellipsis__', config: {} }, 0))], [1, 4]],
  [
    'x[:, 0, :2]',
    '2.15.0',
    [
      {
        ...call('__operators__.getitem', of('x'), {
          slice_spec: [{ start: null, stop: null, step: null }, 0, { start: null, stop: 2, step: null }],
        }),
        class_name: 'SlicingOpLambda',
      },
    ],
    [1, 2],
  ],
  [
    'concat with itself',
    '2.15.0',
    [
      {
        ...call('concat', of('x'), { axis: 1 }),
        inbound_nodes: [
          [
            ['x', 0, 0, { axis: 1 }],
            ['x', 0, 0, { axis: 1 }],
          ],
        ],
      },
    ],
    [...rows, ...rows],
  ],
  [
    'stack',
    '3.5.0',
    [configured('Stack', { axis: 1 }, [tensor('x'), tensor('x')]), configured('Max', { axis: [2] }, 's0')],
    [4, 5, 6, 4, 5, 6],
  ],
  ['expand, then squeeze', '3.5.0', [configured('ExpandDims', { axis: 2 }, 'x'), configured('Squeeze', { axis: 2 }, 's0')], rows],
  ['take', '3.5.0', [configured('Take', { axis: 2 }, 'x', [2, 0])], [3, 1, 6, 4]],
  ['tile', '3.5.0', [configured('Tile', { repeats: [1, 1, 2] }, 'x')], [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]],
  ['clip', '3.5.0', [configured('Clip', { x_min: 2, x_max: 4.5 }, 'x')], [2, 2, 3, 4, 4.5, 4.5]],
  ['clip', '2.15.0', [call('clip_by_value', of('x'), { clip_value_min: 2, clip_value_max: 4.5 })], [2, 2, 3, 4, 4.5, 4.5]],
  [
    'a constant of each row',
    '3.5.0',
    [operation('Multiply', 'x', { class_name: '__numpy__', config: { value: [[[2], [3]]], dtype: 'float32' } })],
    [2, 4, 6, 12, 15, 18],
  ],
  ['square root of a square', '3.5.0', [operation('Square', 'x'), operation('Sqrt', 's0')], rows],
  ['maximum with a number', '3.5.0', [operation('Maximum', 'x', 3.5)], [3.5, 3.5, 3.5, 4, 5, 6]],
  ['a product of matrices', '3.5.0', [configured('Transpose', { axes: [0, 2, 1] }, 'x'), operation('Matmul', 'x', 's0')], [14, 32, 32, 77]],
  [
    'softmax over rows',
    '3.5.0',
    [configured('Softmax', { axis: 1 }, 'x')],
    [...new Array<number>(3).fill(1 / (1 + Math.exp(3))), ...new Array<number>(3).fill(1 / (1 + Math.exp(-3)))],
  ],
  ['exp of log', '2.15.0', [call('math.log', of('x')), call('math.exp', of('s0'))], rows],
  ['variance', '3.5.0', [configured('Var', { axis: [2], keepdims: false }, 'x')], [2 / 3, 2 / 3]],
  ['standard deviation', '2.15.0', [call('math.reduce_std', of('x'), { axis: 1 })], [1.5, 1.5, 1.5]],
  [
    'logarithm of a sum of exponentials',
    '3.5.0',
    [configured('Logsumexp', { axis: 2, keepdims: true }, 'x')],
    [3 + Math.log(1 + Math.exp(-1) + Math.exp(-2)), 6 + Math.log(1 + Math.exp(-1) + Math.exp(-2))],
  ],
  ['reciprocal', '3.5.0', [operation('Reciprocal', 'x')], rows.map((v) => 1 / v)],
  ['moveaxis', '3.5.0', [configured('Moveaxis', { source: [2], destination: [1] }, 'x')], [1, 4, 2, 5, 3, 6]],
  ['flip', '3.5.0', [configured('Flip', { axis: 2 }, 'x')], [3, 2, 1, 6, 5, 4]],
  ['flip of two axes', '2.15.0', [call('reverse', of('x'), { axis: [1, 2] })], [6, 5, 4, 3, 2, 1]],
  ['roll', '3.5.0', [configured('Roll', { shift: 1, axis: 2 }, 'x')], [3, 1, 2, 6, 4, 5]],
  ['repeat', '3.5.0', [configured('Repeat', { repeats: 2, axis: 2 }, 'x')], [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]],
  [
    'max pool of a sequence',
    '3.5.0',
    [configured('MaxPool', { pool_size: 2, strides: 1, padding: 'valid', data_format: 'channels_last' }, 'x')],
    [4, 5, 6],
  ],
  ['1 / x', '3.5.0', [operation('TrueDivide', 1, 'x')], rows.map((v) => 1 / v)],
];

describe('operations between layers', () => {
  it.each(ofMatrix)('%s of a matrix, of Keras %s', async (_, version, steps, expected) => {
    const { network, litert } = await compute(version, steps, rows, [2, 3]);
    expect(network).toHaveLength(expected.length);
    expected.forEach((value, i) => {
      expect(network[i]).toBeCloseTo(value, 5);
      expect(litert[i]).toBeCloseTo(value, 5);
    });
  });

  it('a split gives several values', async () => {
    const split = configured('Split', { indices_or_sections: 3, axis: -1 }, 'x');
    const part = (index: number): object => ({ class_name: '__keras_tensor__', config: { keras_history: ['s0', 0, index] } });
    const { network } = await compute('3.5.0', [split, operation('Subtract', part(2), part(0))], rows, [2, 3]);
    expect(network).toEqual([2, 2]);
  });

  it.each(cases)('%s, of Keras %s', async (_, version, steps, given, expected) => {
    const { network, litert } = await compute(version, steps, given);
    expected.forEach((value, i) => {
      expect(network[i]).toBeCloseTo(value, 5);
      expect(litert[i]).toBeCloseTo(value, 5);
    });
  });

  it.each<[string, Step, RegExp]>([
    [
      'a constant of another length',
      call('math.add', of('x'), { y: [1, 2, 3] }),
      /layer "s0": add of \[2\] and \[3\]: the shapes do not broadcast/,
    ],
    ['a missing operand', call('math.add', of('x')), /layer "s0": takes two operands, got 1/],
    ['constants alone', call('math.add', constant(1), { y: 2 }), /layer "s0": calculates with constants alone/],
    ['another function', call('math.cumsum', of('x')), /the operation math\.cumsum stands between the layers and is not supported/],
  ])('refuses %s', async (_, step, message) => {
    await expect(compute('2.15.0', [step], [1, 2])).rejects.toThrow(message);
  });
});
