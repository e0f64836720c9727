/** Recurrent operators, unrolled: compared with onnxruntime, which has kernels of its own for them. */
import { describe, expect, it } from 'vitest';
import { importCompared, importOnnxBytes, kindsOf } from './compared.ts';
import { OnnxWriter, type Attributes } from './onnx-model.ts';

const gates = { RNN: 1, GRU: 3, LSTM: 4 } as const;
type Recurrent = keyof typeof gates;

interface Layer {
  readonly attributes?: Attributes;
  readonly directions?: 1 | 2;
  /** Numbers for each unit of the initial state. */
  readonly state?: number;
  readonly bias?: boolean;
}

const [steps, features, units] = [4, 3, 5];
const operators: readonly Recurrent[] = ['RNN', 'GRU', 'LSTM'];

/** As PyTorch exports a layer with batch_first=True: the sequence is transposed before and after. */
function recurrent(op: Recurrent, { attributes = {}, directions = 1, state, bias = true }: Layer): OnnxWriter {
  const model = new OnnxWriter(7);
  const sequence = model.node('Transpose', [model.input('x', ['n', steps, features])], { perm: [1, 0, 2] });
  const rows = gates[op] * units;
  const initial =
    state === undefined
      ? []
      : Array.from({ length: op === 'LSTM' ? 2 : 1 }, () =>
          model.floats(
            Array.from({ length: directions * units }, (_, i) => state * (i + 1)),
            [directions, 1, units],
          ),
        );
  const outputs = model.multiple(
    op,
    [
      sequence,
      model.weight([directions, rows, features]),
      model.weight([directions, rows, units]),
      bias ? model.weight([directions, 2 * rows], 'bias', 0.5) : '',
      '',
      ...initial,
    ],
    op === 'LSTM' ? ['y', 'h', 'c'] : ['y', 'h'],
    { hidden_size: units, ...(directions === 2 ? { direction: 'bidirectional' } : {}), ...attributes },
  );
  const merged = model.node('Transpose', [outputs[0] ?? ''], { perm: [2, 0, 1, 3] });
  model.output(model.node('Reshape', [merged, model.integers([0, 0, -1])]));
  for (const last of outputs.slice(1)) model.output(model.node('Transpose', [last], { perm: [1, 0, 2] }));
  return model;
}

describe('recurrent operators compute what onnxruntime computes', () => {
  const layers: Readonly<Record<string, Layer>> = {
    'as PyTorch has them': { attributes: { linear_before_reset: 1 } },
    'with the state reset before its product': {},
    'without biases': { bias: false, attributes: { linear_before_reset: 1 } },
    backwards: { attributes: { direction: 'reverse' } },
    'in both directions': { directions: 2, attributes: { linear_before_reset: 1 } },
    'from a state that is not zero': { directions: 2, state: 0.1 },
  };
  it.each(operators.flatMap((op) => Object.entries(layers).map(([name, layer]) => [op, name, layer] as const)))(
    '%s, %s',
    async (op, _, { attributes = {}, ...layer }) => {
      const own = Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== 'linear_before_reset' || op === 'GRU'));
      const imported = await importCompared(recurrent(op, { ...layer, attributes: own }).bytes({ opset: 14 }));
      // One kernel for the inputs of all steps, and one for the state, whatever the number of steps.
      const kernels = new Set(imported.network.operations.flatMap((operation) => (operation.kind === 'dense' ? [operation.kernel] : [])));
      const isSplit = op === 'GRU' && own['linear_before_reset'] === undefined;
      expect(kernels.size).toBe((isSplit ? 3 : 2) * (layer.directions ?? 1));
      expect(kindsOf(imported)).not.toContain('permute');
    },
  );
});

describe('activations, listed for each direction, are those of onnxruntime', () => {
  const cases: readonly (readonly [Recurrent, readonly string[]])[] = [
    ['RNN', ['Relu', 'Relu']],
    ['RNN', ['Sigmoid', 'Relu']],
    ['GRU', ['Sigmoid', 'Relu', 'Relu', 'Tanh']],
    ['LSTM', ['Sigmoid', 'Tanh', 'Relu', 'Sigmoid', 'Relu', 'Tanh']],
  ];
  it.each(cases)('%s, %j', async (op, activations) => {
    await importCompared(recurrent(op, { directions: 2, attributes: { activations } }).bytes({ opset: 14 }));
  });
});

describe('sequences with the steps in front, as PyTorch has them by default', () => {
  it.each(operators)('%s: the second axis counts examples, open or not', async (op) => {
    for (const n of ['n', 1, 3]) {
      const model = new OnnxWriter(7);
      const rows = gates[op] * units;
      const projected = model.node('MatMul', [model.input('x', [steps, n, features]), model.weight([features, 6])]);
      const [, last = ''] = model.multiple(op, [projected, model.weight([1, rows, 6]), model.weight([1, rows, units])], ['y', 'h'], {
        hidden_size: units,
      });
      model.output(model.node('Gemm', [model.node('Squeeze', [last, model.integers([0])]), model.weight([units, 2])]));
      const { network, original } = await importCompared(model.bytes({ opset: 14 }));
      expect(network.inputs.map((input) => network.values.get(input)?.shape)).toEqual([[steps, features]]);
      expect(network.outputs.map((output) => network.values.get(output)?.shape)).toEqual([[2]]);
      expect(original?.batchSize).toBe(n === 'n' ? 1 : n);
    }
  });

  it('an open number of steps is asked for, without the batch', async () => {
    const model = new OnnxWriter();
    const [, last = ''] = model.multiple(
      'LSTM',
      [model.input('x', ['t', 'n', features]), model.weight([1, 20, features]), model.weight([1, 20, units])],
      ['y', 'h'],
      { hidden_size: units },
    );
    const bytes = model.output(model.node('Squeeze', [last, model.integers([0])])).bytes({ opset: 14 });
    await expect(importOnnxBytes(bytes)).rejects.toThrow(/has open dimensions \(t\) in \[t, n, 3\]/);
    const { network } = await importCompared(bytes, { inputShapes: [[6, features]] });
    expect(network.inputs.map((input) => network.values.get(input)?.shape)).toEqual([[6, features]]);
  });
});

describe('recurrent operators are refused', () => {
  it.each([
    [
      'where the batch is not in the middle',
      (model: OnnxWriter) => model.node('Reshape', [model.input('x', ['n', 2, 6]), model.integers([2, 2, 3])]),
      /batch_first=True/,
    ],
    [
      'with more steps than are unrolled',
      (model: OnnxWriter) => model.node('Transpose', [model.input('x', ['n', 513, features])], { perm: [1, 0, 2] }),
      /of 513 steps is not supported: the layer is unrolled, up to 512 steps/,
    ],
  ])('%s', async (_, input, message) => {
    const model = new OnnxWriter();
    model.output(model.node('LSTM', [input(model), model.weight([1, 20, features]), model.weight([1, 20, units])], { hidden_size: units }));
    await expect(importOnnxBytes(model.bytes({ opset: 14 }))).rejects.toThrow(message);
  });
});
