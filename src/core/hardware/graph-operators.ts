import { EspalierError } from '../errors.ts';
import type { OperatorOptions } from '../tflite/schema/operator-options.ts';
import type { Subgraph, TfliteOperator, TfliteTensor } from '../tflite/tflite-model.ts';

/** An operator with the tensors that it reads and writes, instead of their indices. */
export interface GraphOperator {
  readonly index: number;
  readonly kind: string;
  /** Name of the first output. */
  readonly name: string;
  /** Undefined for an optional input that is left out. */
  readonly inputs: readonly (TfliteTensor | undefined)[];
  readonly outputs: readonly TfliteTensor[];
  readonly options: OperatorOptions;
  readonly source: TfliteOperator;
}

export function graphOperators(graph: Subgraph): readonly GraphOperator[] {
  const tensor = (index: number): TfliteTensor | undefined => graph.tensors[index];
  return graph.operators.map((source, index) => {
    const outputs = source.outputs.flatMap((output) => tensor(output) ?? []);
    return {
      index,
      kind: source.name,
      name: outputs[0]?.name ?? `operator ${index}`,
      inputs: source.inputs.map(tensor),
      outputs,
      options: source.options,
      source,
    };
  });
}

/** @throws EspalierError `invalid-model` when the operator has no such input */
export function requiredInput(operator: GraphOperator, input: number): TfliteTensor {
  const tensor = operator.inputs[input];
  if (tensor === undefined) throw misshapen(operator, `it has no input ${input}`);
  return tensor;
}

/** @throws EspalierError `invalid-model` when the operator has no output */
export function requiredOutput(operator: GraphOperator): TfliteTensor {
  const [tensor] = operator.outputs;
  if (tensor === undefined) throw misshapen(operator, 'it has no output');
  return tensor;
}

export interface ImageShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * The four dimensions of an image `[n, h, w, c]` or of a filter `[o, h, w, i]`, whose first one is `batch`.
 *
 * @throws EspalierError `invalid-model` for another rank
 */
export function imageShape(operator: GraphOperator, tensor: TfliteTensor): ImageShape {
  const [batch, height, width, channels] = tensor.shape;
  if (batch === undefined || height === undefined || width === undefined || channels === undefined || tensor.shape.length !== 4)
    throw misshapen(operator, `tensor "${tensor.name}" has the shape [${tensor.shape.join(', ')}], where four dimensions are needed`);
  return { batch, height, width, channels };
}

/** A number of the operator's options: strides, dilations, filter sizes. */
export function numberOption(operator: GraphOperator, name: string, otherwise: number): number {
  const value = operator.options[name];
  return typeof value === 'number' ? value : otherwise;
}

function misshapen(operator: GraphOperator, what: string): EspalierError {
  return new EspalierError('invalid-model', what, { where: `operator ${operator.index} ${operator.kind} "${operator.name}"` });
}
