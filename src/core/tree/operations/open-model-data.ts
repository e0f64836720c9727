import { openData } from '../../data/open-data.ts';
import type { DataSplits } from '../../data/dataset.ts';
import type { ModelInterface } from '../../network/model-interface.ts';
import { readDataBlock } from '../recipe/read-data-block.ts';

/**
 * Data of a command: a block (paths relative to the current folder), or the path of a file with one. Masks take the shape
 * of the model's outputs, and labels go to them by name.
 */
export async function openModelData(
  data: object | string,
  { inputs, outputs }: ModelInterface,
  onWarning: (message: string) => void,
): Promise<DataSplits> {
  const { spec, folder } = await readDataBlock(data, '.');
  return openData(spec, folder, { seed: 0, onWarning, modelInputs: inputs, modelOutputs: outputs });
}
