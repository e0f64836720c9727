/**
 * What recurrent layers compute in a step, with operations of the vocabulary: importers unroll layers of a fixed number of
 * steps with them, so that they are trained, pruned, clustered and quantized as all other layers are.
 */
import { scaled } from './compositions.ts';
import { split } from './selection.ts';
import type { Parameter, ValueId } from './network.ts';
import type { NetworkBuilder } from './network-builder.ts';

/** Each step takes a dozen operations: a thousand steps would be a file of a megabyte without a weight. */
export const mostSteps = 512;

export interface RecurrentCell {
  readonly builder: NetworkBuilder;
  readonly layer: string;
  readonly units: number;
  /** `[gates * units, units]`; LSTM: input, forget, cell, output; GRU: update, reset, candidate. */
  readonly recurrent: Parameter;
  /** Of the recurrent product, where it is kept apart from that of the input. */
  readonly recurrentBias: Parameter | undefined;
  /** GRU: whether the product with the state comes before the reset, as in cuDNN. */
  readonly resetAfter: boolean;
  /** Of the gates, of candidates, and of the cell on its way out. */
  readonly gate: (value: ValueId) => ValueId;
  readonly candidate: (value: ValueId) => ValueId;
  readonly output: (value: ValueId) => ValueId;
  /** Rows `from` to `to` of the recurrent kernel: the same object each time. */
  readonly rows: (from: number, to: number) => Parameter;
}

/** From the inputs of the gates `[gates * units]` and the state before to the state after, the output first. */
export type RecurrentStep = (cell: RecurrentCell, inputs: ValueId, state: readonly ValueId[]) => readonly ValueId[];

/** The product of the state with the recurrent kernel; without a state it is zero, and left out. */
function recurrentProduct({ builder, layer, recurrent, recurrentBias }: RecurrentCell, output: ValueId | undefined): ValueId | undefined {
  return output === undefined ? undefined : builder.dense(`${layer}/recurrent`, output, { kernel: recurrent, bias: recurrentBias });
}

function sum({ builder, layer }: RecurrentCell, a: ValueId, b: ValueId | undefined): ValueId {
  return b === undefined ? a : builder.binary(layer, 'add', a, b);
}

/** Elman 1990. */
export const simpleStep: RecurrentStep = (cell, inputs, [before]) => [cell.candidate(sum(cell, inputs, recurrentProduct(cell, before)))];

/** Hochreiter & Schmidhuber 1997, with a forget gate. */
export const longShortTermStep: RecurrentStep = (cell, inputs, [before, memory]) => {
  const { builder, layer, units } = cell;
  const gates = sum(cell, inputs, recurrentProduct(cell, before));
  const [input = '', forget = '', candidate = '', output = ''] = split(builder, layer, gates, 0, new Array<number>(4).fill(units));
  const added = builder.binary(layer, 'mul', cell.gate(input), cell.candidate(candidate));
  const kept = memory === undefined ? undefined : builder.binary(layer, 'mul', cell.gate(forget), memory);
  const after = sum(cell, added, kept);
  return [builder.binary(layer, 'mul', cell.gate(output), cell.output(after)), after];
};

/** Cho et al. 2014, arXiv:1406.1078. */
export const gatedRecurrentStep: RecurrentStep = (cell, inputs, [before]) => {
  const { builder, layer, units, recurrentBias } = cell;
  const parts = (value: ValueId): readonly ValueId[] => split(builder, layer, value, 0, [2 * units, units]);
  const [gateInputs = '', candidateInput = ''] = parts(inputs);
  if (!cell.resetAfter && before !== undefined) return resetBefore(cell, gateInputs, candidateInput, before);
  const product =
    before === undefined && recurrentBias !== undefined
      ? builder.constant(layer, recurrentBias, { name: `${layer}/recurrent_bias`, learned: true })
      : recurrentProduct(cell, before);
  const [gateProducts, candidateProduct] = product === undefined ? [] : parts(product);
  const gates = cell.gate(sum(cell, gateInputs, gateProducts));
  const [update = '', reset = ''] = split(builder, layer, gates, 0, [units, units]);
  const kept = candidateProduct === undefined ? undefined : builder.binary(layer, 'mul', reset, candidateProduct);
  return [mixed(cell, update, before, cell.candidate(sum(cell, candidateInput, kept)))];
};

/** The older form: the state is reset before its product with the candidate's kernel. */
function resetBefore(cell: RecurrentCell, gateInputs: ValueId, candidateInput: ValueId, before: ValueId): readonly ValueId[] {
  const { builder, layer, units } = cell;
  const gateProducts = builder.dense(`${layer}/recurrent_gates`, before, { kernel: cell.rows(0, 2 * units) });
  const gates = cell.gate(builder.binary(layer, 'add', gateInputs, gateProducts));
  const [update = '', reset = ''] = split(builder, layer, gates, 0, [units, units]);
  const candidateProduct = builder.dense(`${layer}/recurrent_candidate`, builder.binary(layer, 'mul', reset, before), {
    kernel: cell.rows(2 * units, 3 * units),
  });
  return [mixed(cell, update, before, cell.candidate(builder.binary(layer, 'add', candidateInput, candidateProduct)))];
}

/** `update * before + (1 - update) * candidate` */
function mixed({ builder, layer }: RecurrentCell, update: ValueId, before: ValueId | undefined, candidate: ValueId): ValueId {
  const taken = builder.binary(layer, 'mul', scaled(builder, layer, update, 'rest', -1, 1), candidate);
  return before === undefined ? taken : builder.binary(layer, 'add', builder.binary(layer, 'mul', update, before), taken);
}
