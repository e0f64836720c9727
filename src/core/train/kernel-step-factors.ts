import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { hasKernel } from '../network/kernel-operations.ts';
import { usesOf } from '../network/passes/rewrite.ts';
import type { BatchNormMode } from './fine-tuning.ts';

/** Root mean square of a kernel from which steps are not shrunk. */
const ordinarySize = 0.1;

/**
 * Factors by which the steps of small kernels shrink: `min(1, RMS(W) / 0.1)`, with the root mean square over weights
 * that are not zero.
 *
 * Adam moves every weight by about the learning rate, however small the weight is. Kernels that read pixels of 0 to 255,
 * or whose batch norm has been folded, can be smaller than a few such steps. Adafactor scales steps by the root mean
 * square of a parameter in the same way (Shazeer & Stern 2018, arXiv:1804.04235, section 8). Kernels whose outputs are
 * normalized by statistics of the batch keep their steps, since their size has no effect.
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

/** Of the weights that are not zero. */
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
