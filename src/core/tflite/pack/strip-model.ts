import { runtimeMetadata } from '../compact-texts.ts';
import type { TfliteModel } from '../tflite-model.ts';

/**
 * The model without what TFLite Micro never reads: names of tensors inside the graph, of subgraphs, the description,
 * signatures and metadata. Inputs and outputs keep their names, so that the file still runs in LiteRT once unpacked.
 */
export function stripModel(model: TfliteModel): TfliteModel {
  return {
    description: '',
    signatures: [],
    metadata: model.metadata.filter(({ name }) => runtimeMetadata.includes(name)),
    subgraphs: model.subgraphs.map((graph) => ({
      ...graph,
      name: '',
      tensors: graph.tensors.map((tensor, index) =>
        graph.inputs.includes(index) || graph.outputs.includes(index) ? tensor : { ...tensor, name: '' },
      ),
    })),
  };
}
