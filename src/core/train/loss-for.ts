import type { DataSplits } from '../data/dataset.ts';
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import type { Loss } from './fine-tuning.ts';

/** @throws EspalierError `invalid-data` when model and data do not go together */
export function lossFor(network: Network, data: DataSplits): Loss {
  const [output] = network.outputs;
  const size = output === undefined ? 0 : (network.values.get(output)?.shape ?? []).reduce((product, axis) => product * axis, 1);
  const { target } = data.train;
  if (target.kind === 'regression') return { kind: 'meanSquaredError' };
  if (size === 1 && target.classes === 2) return { kind: 'binaryCrossEntropy' };
  if (size < target.classes) {
    throw new EspalierError('invalid-data', `the data has ${target.classes} classes, the model ${size} outputs`, {
      where: 'data',
      fix: 'name the classes that the model knows with "classes", or take the data that it was trained on',
    });
  }
  return { kind: 'crossEntropy' };
}
