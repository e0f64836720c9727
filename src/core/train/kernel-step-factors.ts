import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { hasKernel } from '../network/operations.ts';
import { usesOf } from '../network/passes/rewrite.ts';
import type { BatchNormMode } from './fine-tuning.ts';

/** Root mean square of the kernels that learning rates are meant for. */
const ordinarySize = 0.1;

/**
 * How much smaller than others' the steps of small kernels have to be: Adam moves every weight by about the learning
 * rate, however small the weights are, and those of a layer that sees pixels of 0 to 255, or whose batch norm has been
 * folded, may be smaller than a few steps. So a kernel's steps shrink with its root mean square below the ordinary one,
 * as in Adafactor (Shazeer & Stern 2018, arXiv:1804.04235, section 8). Where the batch's own statistics normalize what a
 * kernel gives, its size does not matter and its steps stay.
 *
 * @returns factors in (0, 1) of the kernels whose steps shrink
 */
export function kernelStepFactors(network: Network, batchNorm: BatchNormMode): ReadonlyMap<ParameterId, number> {
  const uses = usesOf(network);
  const isNormalized = (value: ValueId): boolean => {
    const readers = uses.consumers(value);
    return readers.length > 0 && readers.every(({ kind }) => kind === 'batchNorm');
  };
  const factors = new Map<ParameterId, number>();
  for (const operation of network.operations.filter(hasKernel)) {
    if (batchNorm === 'training' && isNormalized(operation.output)) continue;
    const size = rootMeanSquare(network.parameters.get(operation.kernel)?.data ?? new Float32Array(0));
    if (size > 0 && size < ordinarySize) factors.set(operation.kernel, size / ordinarySize);
  }
  return factors;
}

/** Of what is not pruned. */
function rootMeanSquare(data: Float32Array): number {
  let sum = 0;
  let count = 0;
  for (const weight of data) {
    if (weight === 0) continue;
    sum += weight * weight;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
