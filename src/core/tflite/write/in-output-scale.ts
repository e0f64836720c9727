import type { Operation } from '../../network/operations.ts';
import type { WriteContext } from './write-context.ts';

/** Kernels that compare or copy codes want their inputs in scale and zero point of the output: others are converted first. */
export function inOutputScale(context: WriteContext, operation: Operation, tensor: number): number {
  const { graph, encoding } = context;
  const target = encoding.value(operation.output);
  const { quantization, shape } = graph.tensorAt(tensor);
  if (quantization?.scales[0] === target.quantization?.scales[0] && quantization?.zeroPoints[0] === target.quantization?.zeroPoints[0])
    return tensor;
  const converted = context.inner(operation, 'converted', shape.slice(1), target);
  graph.operator('QUANTIZE', [tensor], converted);
  return converted;
}
