import type { Network } from '../network.ts';
import { convertBatchNorms } from './convert-batch-norms.ts';
import { expandScaledElus } from './expand-scaled-elus.ts';
import { foldBatchNorms } from './fold-batch-norms.ts';
import { foldPadding } from './fold-padding.ts';
import { fuseActivations } from './fuse-activations.ts';
import { removeDeadOperations } from './remove-dead-operations.ts';

/**
 * All that deployment and quantization-aware training want: dropout removed, padding and batch norms folded, ReLU
 * fused. Computes the same function up to float rounding; kernels keep their parameter ids.
 */
export function prepareForDeployment(network: Network): Network {
  return [removeDeadOperations, foldPadding, foldBatchNorms, convertBatchNorms, expandScaledElus, fuseActivations].reduce(
    (current, pass) => pass(current),
    network,
  );
}
