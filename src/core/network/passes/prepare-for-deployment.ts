import type { Network, ValueId } from '../network.ts';
import { hasKernel, type KernelOperation } from '../operations.ts';
import { convertBatchNorms } from './convert-batch-norms.ts';
import { expandComposites } from './expand-composites.ts';
import { foldableBatchNorm, foldBatchNorms } from './fold-batch-norms.ts';
import { foldPadding } from './fold-padding.ts';
import { fuseActivations } from './fuse-activations.ts';
import { removeDeadOperations } from './remove-dead-operations.ts';
import { usesOf } from './rewrite.ts';

/**
 * Prepares a network for deployment: removes dropout, folds padding and batch norms, fuses ReLU. It computes the same
 * function up to float rounding; kernels keep their parameter ids.
 */
export function prepareForDeployment(network: Network): Network {
  return prepare(network, () => new Set());
}

/**
 * The same, except for batch norms that can keep learning from statistics of the batch and be folded later. Values that
 * it has in common with the deployed network have the same ids.
 *
 * @param keeps whether the batch norm after this kernel is to stay
 */
export function prepareForTraining(network: Network, keeps: (operation: KernelOperation) => boolean): Network {
  return prepare(network, (current) => {
    const uses = usesOf(current);
    const kept = current.operations.filter(hasKernel).filter(keeps);
    return new Set(kept.flatMap((operation) => foldableBatchNorm(uses, operation)?.output ?? []));
  });
}

function prepare(network: Network, keptBatchNorms: (network: Network) => ReadonlySet<ValueId>): Network {
  const padded = foldPadding(removeDeadOperations(network));
  const kept = keptBatchNorms(padded);
  const normalized = convertBatchNorms(foldBatchNorms(padded, kept), kept);
  return fuseActivations(expandComposites(normalized));
}
