import type { Network, ValueId } from '../network.ts';
import type { FusedActivation, Operation } from '../operations.ts';
import { hasKernel, type KernelOperation } from '../kernel-operations.ts';
import { expandComposites } from './expand-composites.ts';
import { convertBatchNorms, foldableBatchNorm, foldBatchNorms } from './fold-batch-norms.ts';
import { foldPadding } from './fold-padding.ts';
import { removeDeadOperations } from './remove-dead-operations.ts';
import { dropUnused, usesOf } from './rewrite.ts';

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

type Fusable = Extract<Operation, { readonly activation: FusedActivation }>;

/**
 * Fuses ReLU and ReLU6 into the convolution, dense layer or element-wise operation before them, which takes over their
 * output.
 */
function fuseActivations(network: Network): Network {
  const uses = usesOf(network);
  const fused = new Map<ValueId, Operation>();
  const operations: Operation[] = [];
  for (const operation of network.operations) {
    if (fused.has(operation.output)) continue;
    const follower = canFuse(operation) ? uses.soleConsumer(operation.output) : undefined;
    if (canFuse(operation) && follower?.kind === 'activation' && (follower.function === 'relu' || follower.function === 'relu6')) {
      fused.set(follower.output, follower);
      operations.push({ ...operation, activation: follower.function, output: follower.output });
    } else {
      operations.push(operation);
    }
  }
  return dropUnused({ ...network, operations });
}

function canFuse(operation: Operation): operation is Fusable {
  switch (operation.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'transposeConv2d':
    case 'dense':
    case 'binary':
      return operation.activation === 'none';
    default:
      return false;
  }
}
