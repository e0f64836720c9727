import type { Operation } from '../../network/operations.ts';
import { floatEncoding } from './float-encoding.ts';
import { float32 } from './graph-builder.ts';
import { WriteContext } from './write-context.ts';

/** Writes an operation in float between DEQUANTIZE and QUANTIZE. */
export function writeInFloat(
  context: WriteContext,
  operation: Operation,
  write: (context: WriteContext, operation: Operation) => void,
): void {
  const { graph, network, batch } = context;
  const floats = new WriteContext(network, graph, floatEncoding(graph, network, 'float32'), batch);
  operation.inputs.forEach((id, i) => {
    const widened = context.inner(operation, 'dequantized', context.shapeOf(id), float32);
    graph.operator('DEQUANTIZE', [context.input(operation, i)], widened);
    floats.bind(id, widened);
  });
  write(floats, { ...operation, name: `${operation.name}/float` });
  graph.operator('QUANTIZE', [floats.tensorOf(operation.output)], context.output(operation));
}
