import type { TfliteModel } from './tflite-model.ts';

/** Names of the tensors that keep a file from being fully integer; a float input or output is the user's choice. */
export function floatTensors(model: TfliteModel): readonly string[] {
  return model.subgraphs.flatMap((graph) => {
    const open = new Set([...graph.inputs, ...graph.outputs]);
    const used = new Set(graph.operators.flatMap((operator) => [...operator.inputs, ...operator.outputs]));
    return graph.tensors
      .filter((tensor, index) => used.has(index) && !open.has(index) && tensor.type.startsWith('float'))
      .map((tensor) => tensor.name);
  });
}
