import type { TfliteModel } from './tflite-model.ts';

export interface FileInput {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

/** Shape of the first output of a .tflite, without the batch. */
export function fileOutput({ subgraphs: [graph] }: TfliteModel): readonly number[] {
  return withoutBatch(graph?.tensors[graph.outputs[0] ?? -1]?.shape ?? []);
}

/** What a .tflite takes, in the runtime's order, called as in its signature where it has one. */
export function fileInputs({ subgraphs, signatures }: TfliteModel): readonly FileInput[] {
  const [graph] = subgraphs;
  const named = new Map(
    signatures.filter(({ subgraph }) => subgraph === 0).flatMap(({ inputs }) => inputs.map(({ tensor, name }) => [tensor, name])),
  );
  return (graph?.inputs ?? []).map((index) => {
    const tensor = graph?.tensors[index];
    return { name: named.get(index) ?? tensor?.name ?? '', shape: withoutBatch(tensor?.shape ?? []) };
  });
}

/** A tensor of one axis has none. */
function withoutBatch(shape: readonly number[]): readonly number[] {
  return shape.length > 1 ? shape.slice(1) : shape;
}
