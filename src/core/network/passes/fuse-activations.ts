import type { Network, ValueId } from '../network.ts';
import type { FusedActivation, Operation } from '../operations.ts';
import { dropUnused, usesOf } from './rewrite.ts';

type Fusable = Extract<Operation, { readonly activation: FusedActivation }>;

/**
 * Fuses ReLU and ReLU6 into the convolution, dense layer or element-wise operation before them, which takes over their
 * output.
 */
export function fuseActivations(network: Network): Network {
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
