import { openData } from '../../data/open-data.ts';
import type { DataSplits } from '../../data/dataset.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import { readDataBlock } from '../recipe/read-data-block.ts';

/** Data of a command: a block (paths relative to the current folder), or the path of a file with one. */
export async function openModelData(
  data: object | string,
  modelInputs: readonly ModelTensor[],
  onWarning: (message: string) => void,
  modelOutputs?: readonly ModelTensor[],
): Promise<DataSplits> {
  const { spec, folder } = await readDataBlock(data, '.');
  return openData(spec, folder, { seed: 0, onWarning, modelInputs, modelOutputs });
}
