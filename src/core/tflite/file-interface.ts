import type { SignatureTensor, TfliteModel } from './tflite-model.ts';

/** An input or output of a .tflite. */
export interface FileTensor {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

export interface FileInterface {
  readonly inputs: readonly FileTensor[];
  readonly outputs: readonly FileTensor[];
}

/** What a .tflite takes and gives, in the runtime's order, called as in its signature where it has one. */
export function fileInterface({ subgraphs: [graph], signatures }: TfliteModel): FileInterface {
  const own = signatures.find(({ subgraph }) => subgraph === 0);
  const tensors = (indices: readonly number[], named: readonly SignatureTensor[]): readonly FileTensor[] =>
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
