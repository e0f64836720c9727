import { runtimeMetadata } from './compact-texts.ts';
import type { TfliteModel, TfliteTensor } from './tflite-model.ts';

/**
 * The model without what TFLite Micro never reads: names of tensors inside the graph, of subgraphs, the description,
 * signatures and metadata. Inputs and outputs keep their names, so that the file still runs in LiteRT once unpacked.
 *
 * @param keepsName of other tensors, see `isKernel`
 */
export function stripModel(model: TfliteModel, keepsName: (tensor: TfliteTensor) => boolean = () => false): TfliteModel {
  return {
    description: '',
    signatures: [],
    metadata: model.metadata.filter(({ name }) => runtimeMetadata.includes(name)),
    subgraphs: model.subgraphs.map((graph) => ({
      ...graph,
      name: '',
      tensors: graph.tensors.map((tensor, index) =>
        graph.inputs.includes(index) || graph.outputs.includes(index) || keepsName(tensor) ? tensor : { ...tensor, name: '' },
      ),
    })),
  };
}

/** Whether its texts were left out; files of other programs may have none either. */
export function isStripped({ description, signatures }: TfliteModel): boolean {
  return description === '' && signatures.length === 0;
}

/** Whether a tensor holds the weights of a layer, which reports name. */
export function isKernel({ data, shape }: TfliteTensor): boolean {
  return data !== undefined && shape.length > 1;
}
