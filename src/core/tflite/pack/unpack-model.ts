import { EspalierError } from '../../errors.ts';
import { decodeOperator } from '../micro-operators.ts';
import type { Subgraph, TfliteModel, TfliteOperator, TfliteTensor } from '../tflite-model.ts';
import { withBiasScales } from './bias-scales.ts';
import { decodeTensor } from './decode-tensor.ts';

/** Whether the file is laid out for flash alone, or any of its kernels is decoded by TFLM_DECODE. */
export function isPacked(model: TfliteModel): boolean {
  return model.isForFlash === true || hasDecoders(model);
}

export function hasDecoders({ subgraphs }: TfliteModel): boolean {
  return subgraphs.some(({ operators }) => operators.some(isDecoder));
}

/** @throws EspalierError `unsupported-model` for a packed model, where only a plain one will do; `who` says for what. */
export function requirePlain(model: TfliteModel, who: string): void {
  if (isPacked(model))
    throw new EspalierError('unsupported-model', `it is packed for TFLite Micro, and ${who} needs the plain file`, {
      fix: 'unpack it first, with `espalier pack --undo`',
    });
}

/**
 * The plain model of a packed one: kernels decoded, without the operators that decode them and without the tensors that
 * only those read. A model that is not packed stays as it is.
 *
 * @throws EspalierError `invalid-model` for data that do not decode, `unsupported-model` for schemes that are not known
 */
export function unpackModel(model: TfliteModel): TfliteModel {
  return isPacked(model) ? withBiasScales({ ...model, isForFlash: undefined, subgraphs: model.subgraphs.map(unpackSubgraph) }) : model;
}

function unpackSubgraph(graph: Subgraph): Subgraph {
  const decoders = graph.operators.filter(isDecoder);
  const tensors = [...graph.tensors];
  for (const operator of decoders) {
    if (operator.inputs.length !== 2 * operator.outputs.length)
      throw damaged(`its ${operator.inputs.length} inputs are not two for each of its ${operator.outputs.length} outputs`);
    operator.outputs.forEach((index, i) => {
      const output = tensors[index];
      if (output === undefined) return;
      const [encoded, ancillary] = [0, 1].map((input) => graph.tensors[operator.inputs[2 * i + input] ?? -1]?.data);
      if (encoded === undefined || ancillary === undefined) throw damaged('its inputs are not constants');
      if (output.data !== undefined) throw damaged('its output is a constant');
      tensors[index] = { ...output, data: decodeTensor({ encoded, ancillary, output }) };
    });
  }
  const operators = graph.operators.filter((operator) => !isDecoder(operator));
  return withoutTensors({ ...graph, tensors, operators }, unusedInputs(graph, decoders, operators));
}

/** Whether the operator decodes packed tensors. */
export function isDecoder({ name, isCustom }: TfliteOperator): boolean {
  return isCustom && name === decodeOperator;
}

/** Inputs of the decoders that no other operator reads. */
function unusedInputs(graph: Subgraph, decoders: readonly TfliteOperator[], others: readonly TfliteOperator[]): ReadonlySet<number> {
  const used = new Set([...graph.inputs, ...graph.outputs, ...others.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])]);
  return new Set(decoders.flatMap(({ inputs }) => inputs.filter((input) => !used.has(input))));
}

function withoutTensors(graph: Subgraph, removed: ReadonlySet<number>): Subgraph {
  const kept: TfliteTensor[] = [];
  const places = graph.tensors.map((tensor, index) => (removed.has(index) ? -1 : kept.push(tensor) - 1));
  const moved = (indices: readonly number[]): number[] => indices.map((index) => (index < 0 ? index : (places[index] ?? -1)));
  return {
    ...graph,
    tensors: kept,
    inputs: moved(graph.inputs),
    outputs: moved(graph.outputs),
    operators: graph.operators.map((operator) => ({ ...operator, inputs: moved(operator.inputs), outputs: moved(operator.outputs) })),
  };
}

function damaged(what: string): EspalierError {
  return new EspalierError('invalid-model', what, {
    where: `operator ${decodeOperator}`,
    fix: 'the file is damaged; pack the plain file again',
  });
}
