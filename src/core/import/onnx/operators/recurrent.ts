/** Recurrent layers over a fixed number of steps, unrolled: each step is computed by operations of its own with the same kernels. */
import { split } from '../../../network/selection.ts';
import type { Parameter, ValueId } from '../../../network/network.ts';
import {
  gatedRecurrentStep,
  longShortTermStep,
  mostSteps,
  simpleStep,
  type RecurrentCell,
  type RecurrentStep,
} from '../../../network/recurrent-cells.ts';
import type { HostTensor } from '../host-tensor.ts';
import { parameterOf, type NodeContext, type NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';

/** How an operator differs from the others. */
interface RecurrentKind {
  readonly step: RecurrentStep;
  /** ONNX's gates in the order that the cell takes them in. */
  readonly gates: readonly number[];
  /** Hidden state, and the cell of an LSTM. */
  readonly states: 1 | 2;
  /** Activations that ONNX lists for each direction. */
  readonly listed: 1 | 2 | 3;
  /** Of gates, candidates and the output: ONNX's list for one direction, and what it is when left out. */
  readonly activations: (given: readonly string[]) => readonly [string, string, string];
}

const kinds: Readonly<Record<'RNN' | 'LSTM' | 'GRU', RecurrentKind>> = {
  RNN: { step: simpleStep, gates: [0], states: 1, listed: 1, activations: ([f = 'Tanh']) => [f, f, f] },
  // ONNX has input, output, forget, cell.
  LSTM: {
    step: longShortTermStep,
    gates: [0, 2, 3, 1],
    states: 2,
    listed: 3,
    activations: ([f = 'Sigmoid', g = 'Tanh', h = 'Tanh']) => [f, g, h],
  },
  GRU: { step: gatedRecurrentStep, gates: [0, 1, 2], states: 1, listed: 2, activations: ([f = 'Sigmoid', g = 'Tanh']) => [f, g, g] },
};

const activationNames = { sigmoid: 'sigmoid', tanh: 'tanh', relu: 'relu' } as const;

const positions = { weights: 1, recurrence: 2, bias: 3, lengths: 4, state: 5, peepholes: 7 } as const;

/** `X [steps, n, in]`, `W [directions, gates * units, in]`, `R [directions, gates * units, units]`, `B [directions, 2 * gates * units]`. */
const recurrentLayer =
  (kind: RecurrentKind): NodeConverter =>
  (context) => {
    const { builder, layer, layout, node } = context;
    const { attributes } = node;
    const value = context.input(0);
    const [steps = 0] = value.shape;
    if (value.shape.length !== 3) refuse(`of a value with ${value.shape.length} axes is not supported: sequences [steps, n, features] are`);
    if (attributes.integer('layout', 0) !== 0) refuse('with layout 1 is not supported', 'export with the steps in front, as PyTorch does');
    if (value.batch !== 1 && !(value.batch === undefined && value.shape[1] === 1))
      refuse(
        'with the batch in another axis than the second is not supported',
        'build the layer with batch_first=True, so that the batch is the first axis of the model',
      );
    if (steps > mostSteps)
      refuse(`of ${steps} steps is not supported: the layer is unrolled, up to ${mostSteps} steps`, 'use shorter sequences');
    for (const name of ['clip', 'input_forget']) if (attributes.has(name)) refuse(`with ${name} is not supported`);
    if (context.value(positions.peepholes) !== undefined) refuse('with peepholes is not supported');
    const lengths = context.constant(positions.lengths, 'lengths of sequences');
    if (lengths?.data.some((length) => length !== steps) === true)
      refuse('with sequences of other lengths is not supported', 'export without pack_padded_sequence, for sequences of full length');
    const weights = context.required(positions.weights, 'weights');
    const recurrence = context.required(positions.recurrence, 'recurrent weights');
    const [directions = 1, , units = 0] = recurrence.shape;
    const input = layout.storedAs(
      layout.inOrder(value, value.axes.includes(1) ? [0, 1, 2] : [0, 2], layer),
      [steps, value.shape[2] ?? 1],
      layer,
    );
    const sequences: (readonly ValueId[])[] = [];
    const last: (readonly ValueId[])[] = [];
    for (let direction = 0; direction < directions; direction++) {
      const cell = cellOf(context, kind, recurrence, direction, units);
      const projected = builder.dense(cell.layer, input, {
        kernel: gatesOf(weights, kind, direction, units, 'kernel'),
        bias: biasOf(context, kind, direction, units, cell.recurrentBias === undefined ? 'both' : 'input'),
      });
      const each = split(builder, layer, projected, 0, new Array<number>(steps).fill(1)).map((row) => builder.flatten(layer, row));
      const backwards = direction === 1 || attributes.text('direction', 'forward') === 'reverse';
      let state = initialState(context, kind, direction, directions, units);
      const outputs: ValueId[] = [];
      for (const gates of backwards ? each.toReversed() : each) {
        state = kind.step(cell, gates, state);
        outputs.push(state[0] ?? '');
      }
      sequences.push(backwards ? outputs.toReversed() : outputs);
      last.push(state);
    }
    const rows = (ids: readonly ValueId[]): ValueId =>
      builder.concat(
        layer,
        ids.map((id) => builder.reshape(layer, id, [1, units])),
        0,
      );
    const byStep = Array.from({ length: steps }, (_, step) => sequences.map((outputs) => outputs[step] ?? '')).flat();
    const sequence: ComputedValue = {
      kind: 'computed',
      id: layout.storedAs(rows(byStep), [steps, directions, units], layer),
      shape: [steps, directions, layout.batchSize, units],
      axes: [0, 1, 3],
      batch: 2,
      element: 'float',
    };
    const states = Array.from({ length: kind.states }, (_, i): ComputedValue => ({
      kind: 'computed',
      id: rows(last.map((state) => state[i] ?? '')),
      shape: [directions, layout.batchSize, units],
      axes: [0, 2],
      batch: 1,
      element: 'float',
    }));
    return [sequence, ...states];
  };

function cellOf(context: NodeContext, kind: RecurrentKind, recurrence: HostTensor, direction: number, units: number): RecurrentCell {
  const { builder, node } = context;
  const layer = direction === 0 ? context.layer : `${context.layer}/reverse`;
  const listed = node.attributes.get('activations')?.strings ?? [];
  const [gate, candidate, output] = kind.activations(listed.slice(direction * kind.listed, (direction + 1) * kind.listed));
  const activation = (name: string): ((value: ValueId) => ValueId) => {
    const known = Object.entries(activationNames).find(([own]) => own === name.toLowerCase())?.[1];
    if (known === undefined) return refuse(`with the activation ${name} is not supported`, 'use sigmoid, tanh or relu');
    return (value) => builder.activation(layer, value, known);
  };
  const resetAfter = node.attributes.integer('linear_before_reset', 0) !== 0;
  const recurrent = gatesOf(recurrence, kind, direction, units, 'recurrent');
  return {
    builder,
    layer,
    units,
    recurrent,
    // A GRU resets the product together with its bias.
    recurrentBias: node.op === 'GRU' && resetAfter ? biasOf(context, kind, direction, units, 'recurrent') : undefined,
    resetAfter,
    gate: activation(gate),
    candidate: activation(candidate),
    output: activation(output),
    rows: (from, to) =>
      parameterOf(recurrence, `recurrent ${direction} ${from}`, () => ({
        type: 'float32',
        shape: [to - from, units],
        data: recurrent.data.slice(from * units, to * units),
      })),
  };
}

/** The kernel of one direction, `[gates * units, in]`, its gates in the order of the cell. */
function gatesOf(tensor: HostTensor, { gates }: RecurrentKind, direction: number, units: number, what: string): Parameter {
  const columns = tensor.shape[2] ?? 0;
  if (tensor.shape[1] !== gates.length * units)
    refuse(
      `with weights [${tensor.shape.join(', ')}] is not possible: ${gates.length} gates of ${units} units are ${gates.length * units} rows`,
    );
  return parameterOf(tensor, `${what} ${direction}`, ({ data }) => {
    const rows = new Float32Array(gates.length * units * columns);
    for (const [to, from] of gates.entries()) {
      const start = (direction * gates.length + from) * units * columns;
      rows.set(Float32Array.from(data.slice(start, start + units * columns)), to * units * columns);
    }
    return { type: 'float32', shape: [gates.length * units, columns], data: rows };
  });
}

/** The bias of one direction: that of the input's product, of the state's, or their sum. */
function biasOf(
  context: NodeContext,
  { gates }: RecurrentKind,
  direction: number,
  units: number,
  part: 'input' | 'recurrent' | 'both',
): Parameter | undefined {
  const bias = context.constant(positions.bias, 'a bias');
  if (bias === undefined) return undefined;
  return parameterOf(bias, `bias ${direction} ${part}`, ({ data }) => {
    const at = (half: number, gate: number, unit: number): number =>
      data[((direction * 2 + half) * gates.length + gate) * units + unit] ?? 0;
    const numbers = gates.flatMap((gate) =>
      Array.from({ length: units }, (_, unit) => {
        const [input, recurrent] = [at(0, gate, unit), at(1, gate, unit)];
        return part === 'input' ? input : part === 'recurrent' ? recurrent : input + recurrent;
      }),
    );
    return { type: 'float32', shape: [gates.length * units], data: Float32Array.from(numbers) };
  });
}

/** None where the model begins with zeros, as it mostly does. */
function initialState(context: NodeContext, kind: RecurrentKind, direction: number, directions: number, units: number): readonly ValueId[] {
  const { builder, layer, layout } = context;
  const given = Array.from({ length: kind.states }, (_, i) => context.value(positions.state + i));
  if (given.every((state) => state === undefined || (state.kind === 'constant' && state.tensor.data.every((value) => value === 0))))
    return [];
  return given.map((state, i): ValueId => {
    if (state?.kind === 'computed') {
      const stored = layout.storedAs(layout.inOrder(state, state.axes.includes(1) ? [0, 1, 2] : [0, 2], layer), [directions, units], layer);
      return builder.flatten(layer, split(builder, layer, stored, 0, new Array<number>(directions).fill(1))[direction] ?? '');
    }
    if ((state?.tensor.shape[1] ?? 1) !== 1)
      refuse('with a state for each example is not supported', 'export the model with a batch of 1 or an open one');
    const data = state?.tensor.data.slice(direction * units, (direction + 1) * units) ?? new Float32Array(units);
    return builder.constant(layer, { shape: [units], data: Float32Array.from(data) }, { name: `${layer}/state${direction}_${i}` });
  });
}

export const recurrentOperators: Readonly<Record<string, NodeConverter>> = {
  RNN: recurrentLayer(kinds.RNN),
  LSTM: recurrentLayer(kinds.LSTM),
  GRU: recurrentLayer(kinds.GRU),
};
