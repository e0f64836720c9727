import type { OperatorProfile } from '../../shared/hardware.ts';
import { elementCount, type Subgraph, type TfliteModel, type TfliteTensor } from '../tflite/tflite-model.ts';
import { graphOperators, imageShape, requiredInput, requiredOutput, type GraphOperator } from './graph-operators.ts';

/** What an operator counts, whatever runs it. */
export type OperatorCost = Pick<OperatorProfile, 'index' | 'kind' | 'name' | 'macs' | 'parameters'>;

/**
 * Multiply-accumulates and parameters of every operator of the main graph: those of weights, and of activations with activations where an
 * operator multiplies matrices of them. Pools, sums and elementwise operators count none, as is usual.
 *
 * @throws EspalierError `invalid-model` when an operator's tensors do not have the rank that it needs
 */
export function operatorCosts(model: TfliteModel): readonly OperatorCost[] {
  const [graph] = model.subgraphs;
  if (graph === undefined) return [];
  const uncounted = new Set(trainedTensors(graph));
  return graphOperators(graph).map((operator) => {
    const own = operator.source.inputs.filter((input) => uncounted.delete(input));
    return {
      index: operator.index,
      kind: operator.kind,
      name: operator.name,
      macs: operatorMacs(operator),
      parameters: own.reduce((sum, input) => sum + elementCount(graph.tensors[input]?.shape ?? []), 0),
    };
  });
}

const macRules: Readonly<Record<string, (operator: GraphOperator) => number>> = {
  CONV_2D: (operator) => {
    const { height, width, channels } = imageShape(operator, requiredInput(operator, 1));
    return elementCount(requiredOutput(operator).shape) * height * width * channels;
  },
  DEPTHWISE_CONV_2D: (operator) => {
    const { height, width } = imageShape(operator, requiredInput(operator, 1));
    return elementCount(requiredOutput(operator).shape) * height * width;
  },
  TRANSPOSE_CONV: (operator) => {
    const { batch, height, width } = imageShape(operator, requiredInput(operator, 1));
    return elementCount(requiredInput(operator, 2).shape) * height * width * batch;
  },
  FULLY_CONNECTED: (operator) => elementCount(requiredOutput(operator).shape) * (requiredInput(operator, 1).shape.at(-1) ?? 0),
  BATCH_MATMUL: (operator) => {
    const left = requiredInput(operator, 0).shape;
    const depth = left.at(operator.options['adjointX'] === true ? -2 : -1) ?? 0;
    return elementCount(requiredOutput(operator).shape) * depth;
  },
  SVDF: (operator) => {
    const batch = requiredInput(operator, 0).shape[0] ?? 0;
    return batch * (elementCount(requiredInput(operator, 1).shape) + elementCount(requiredInput(operator, 2).shape));
  },
  UNIDIRECTIONAL_SEQUENCE_LSTM: (operator) => {
    const [first = 0, second = 0] = requiredInput(operator, 0).shape;
    // Inputs 1 to 8 are the kernels of the gates, each of which is applied at every step of every sequence.
    const kernels = operator.inputs.slice(1, 9).reduce((sum, kernel) => sum + (kernel === undefined ? 0 : elementCount(kernel.shape)), 0);
    return first * second * kernels;
  },
};

/** @throws EspalierError `invalid-model` */
export function operatorMacs(operator: GraphOperator): number {
  return Object.hasOwn(macRules, operator.kind) ? (macRules[operator.kind]?.(operator) ?? 0) : 0;
}

/** Trained tensors of the graph: constants, and kernels that TFLM_DECODE unpacks. Shapes, axes and paddings are constants too, but not trained. */
function trainedTensors(graph: Subgraph): ReadonlySet<number> {
  const decoded = new Set(graph.operators.flatMap(({ name, outputs }) => (name === 'TFLM_DECODE' ? outputs : [])));
  return new Set(
    graph.tensors.flatMap((tensor, index) => (isTrained(tensor) && (tensor.data !== undefined || decoded.has(index)) ? [index] : [])),
  );
}

function isTrained(tensor: TfliteTensor): boolean {
  return tensor.type.startsWith('float') || (tensor.quantization?.scales.length ?? 0) > 0;
}
