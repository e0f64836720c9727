import { openData } from '../../data/open-data.ts';
import type { DataSplits } from '../../data/dataset.ts';
import { readDataSpec } from '../../data/read-data-spec.ts';
import type { Network } from '../../network/network.ts';
import { checkDataSpec } from '../recipe/check-data-spec.ts';

/** Data of a command: a block (paths relative to the current folder), or the path of a file with one. */
export async function openModelData(
  data: object | string,
  shape: readonly number[] | undefined,
  onWarning: (message: string) => void,
): Promise<DataSplits> {
  const { spec, folder } = await readDataSpec(data, '.');
  checkDataSpec(spec);
  return openData(spec, folder, { seed: 0, onWarning, ...(shape === undefined ? {} : { modelInputShape: shape }) });
}

export function inputShapeOf(network: Network): readonly number[] | undefined {
  const [input] = network.inputs;
  return input === undefined ? undefined : network.values.get(input)?.shape;
}
