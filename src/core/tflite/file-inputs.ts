import type { TfliteModel } from './tflite-model.ts';

export interface FileInput {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

/** What a .tflite takes, in the runtime's order, called as in its signature where it has one. */
export function fileInputs({ subgraphs, signatures }: TfliteModel): readonly FileInput[] {
  const [graph] = subgraphs;
  const named = new Map(
    signatures.filter(({ subgraph }) => subgraph === 0).flatMap(({ inputs }) => inputs.map(({ tensor, name }) => [tensor, name])),
  );
  return (graph?.inputs ?? []).map((index) => {
    const tensor = graph?.tensors[index];
    return { name: named.get(index) ?? tensor?.name ?? '', shape: tensor?.shape.slice(1) ?? [] };
  });
}
