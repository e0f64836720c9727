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
): Promise<{ network: number[]; litert: number[] }> {
  const layers = [
    { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_input_shape: [null, 2] }, inbound_nodes: [] },
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

describe('operations between layers', () => {
  it.each(cases)('%s, of Keras %s', async (_, version, steps, given, expected) => {
    const { network, litert } = await compute(version, steps, given);
    expected.forEach((value, i) => {
      expect(network[i]).toBeCloseTo(value, 5);
      expect(litert[i]).toBeCloseTo(value, 5);
    });
  });

  it.each<[string, Step, RegExp]>([
    [
      'a division by what is computed',
      call('math.truediv', constant(1), { y: of('x') }),
      /layer "s0": a division by what the network computes/,
    ],
    ['a constant of another length', call('math.add', of('x'), { y: [1, 2, 3] }), /layer "s0": a constant of 3 numbers for 2 channels/],
    ['a missing operand', call('math.add', of('x')), /layer "s0": takes two operands, got 1/],
    ['constants alone', call('math.add', constant(1), { y: 2 }), /layer "s0": calculates with constants alone/],
    ['another function', call('math.cumsum', of('x')), /the operation math\.cumsum stands between the layers/],
  ])('refuses %s', async (_, step, message) => {
    await expect(compute('2.15.0', [step], [1, 2])).rejects.toThrow(message);
  });
});
