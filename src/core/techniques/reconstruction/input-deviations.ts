import type { Network, ParameterId } from '../../network/network.ts';
import { hasKernel } from '../../network/kernel-operations.ts';
import { usesOf } from '../../network/passes/rewrite.ts';
import type { TechniqueContext } from '../technique.ts';
import { LayerInputs } from './layer-inputs.ts';
import { type PatchSample, samplePatches } from './patch-sample.ts';
import { patchesOfKernel } from './patches.ts';

/** Enough for a standard deviation. */
const mostPatches = 8192;
/** Values of the patches that are in memory at a time. */
const valuesAtOnce = 2 ** 22;

/**
 * The standard deviation of what each weight of a filter is multiplied with, on training examples, `[d]` a kernel; read
 * augmented, as in training. Kernels of convolutions and dense layers that one operation uses have some, others none.
 *
 * @throws EspalierError `cancelled`
 */
export async function inputDeviations(
  network: Network,
  kernels: ReadonlySet<ParameterId>,
  { engine, data, seed, signal }: Pick<TechniqueContext, 'engine' | 'data' | 'seed' | 'signal'>,
): Promise<ReadonlyMap<ParameterId, Float32Array>> {
  const deviations = new Map<ParameterId, Float32Array>();
  const inputs = new LayerInputs({ engine, whole: network, data: data.train, seed, signal });
  if (inputs.size === 0) return deviations;
  const uses = usesOf(network);
  for (const [index, operation] of network.operations.entries()) {
    if (!hasKernel(operation) || !kernels.has(operation.kernel) || uses.parameterUsers(operation.kernel) !== 1) continue;
    const kernel = network.parameters.get(operation.kernel);
    const patches = kernel && patchesOfKernel(network, operation, kernel);
    if (patches === undefined) continue;
    deviations.set(operation.kernel, await deviationsOf({ inputs, changed: network, index, patches, most: mostPatches, seed }));
  }
  return deviations;
}

async function deviationsOf(sample: PatchSample): Promise<Float32Array> {
  const { length } = sample.patches;
  const sums = new Float64Array(length);
  const squares = new Float64Array(length);
  let patches = 0;
  for await (const { changed, count } of samplePatches(sample, Math.max(1, Math.min(1024, Math.floor(valuesAtOnce / length))))) {
    patches += count;
    for (let row = 0; row < count * length; row += length) {
      for (let i = 0; i < length; i++) {
        const value = changed[row + i] ?? 0;
        sums[i] = (sums[i] ?? 0) + value;
        squares[i] = (squares[i] ?? 0) + value * value;
      }
    }
  }
  return Float32Array.from(squares, (square, i) => standardDeviation(sums[i] ?? 0, square, patches));
}

/** Of `count` values by their sum and the sum of their squares; 0 where rounding would make the variance negative. */
export function standardDeviation(sum: number, squares: number, count: number): number {
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}
