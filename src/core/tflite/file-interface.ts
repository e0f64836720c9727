import type { ModelInterface, ModelTensor } from '../network/model-interface.ts';
import type { SignatureTensor, TfliteModel } from './tflite-model.ts';

/** What a .tflite takes and gives, in the runtime's order, called as in its signature where it has one. */
export function fileInterface({ subgraphs: [graph], signatures }: TfliteModel): ModelInterface {
  const own = signatures.find(({ subgraph }) => subgraph === 0);
  const tensors = (indices: readonly number[], named: readonly SignatureTensor[]): readonly ModelTensor[] =>
    indices.map((index) => {
      const tensor = graph?.tensors[index];
      return { name: named.find((entry) => entry.tensor === index)?.name ?? tensor?.name ?? '', shape: withoutBatch(tensor?.shape ?? []) };
    });
  return { inputs: tensors(graph?.inputs ?? [], own?.inputs ?? []), outputs: tensors(graph?.outputs ?? [], own?.outputs ?? []) };
}

/** A tensor of one axis has none. */
function withoutBatch(shape: readonly number[]): readonly number[] {
  return shape.length > 1 ? shape.slice(1) : shape;
}
