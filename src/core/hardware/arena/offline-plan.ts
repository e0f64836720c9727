import { EspalierError } from '../../errors.ts';
import type { TfliteModel } from '../../tflite/tflite-model.ts';

const metadataName = 'OfflineMemoryAllocation';
const plannedByRuntime = -1;

/**
 * The offsets that a file prescribes for its tensors, in the order of all subgraphs' tensors; undefined for a tensor that the runtime places,
 * and undefined altogether without such a prescription. Metadata of int32: version, subgraph, count, then an offset for each tensor.
 *
 * @throws EspalierError `invalid-model` when it has another number of offsets than the file has tensors
 */
export function offlineOffsets(model: TfliteModel): readonly (number | undefined)[] | undefined {
  const data = model.metadata.find(({ name }) => name === metadataName)?.data;
  if (data === undefined) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const words = Array.from({ length: Math.floor(data.length / 4) }, (_, i) => view.getInt32(4 * i, true));
  const [, , count = 0, ...offsets] = words;
  const tensors = model.subgraphs.reduce((sum, graph) => sum + graph.tensors.length, 0);
  if (count !== tensors || offsets.length < count) {
    throw new EspalierError('invalid-model', `it has offsets for ${Math.min(count, offsets.length)} of ${tensors} tensors`, {
      where: `metadata "${metadataName}"`,
    });
  }
  return offsets.slice(0, count).map((offset) => (offset === plannedByRuntime ? undefined : offset));
}
