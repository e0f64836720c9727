import type { Network, ValueId } from '../network.ts';
import type { Operation } from '../operations.ts';
import { affineOf } from './fold-batch-norms.ts';
import { dropUnused } from './rewrite.ts';

/**
 * Batch norms that could not be folded become `x * scale + offset`, which every runtime has.
 *
 * @param leaves outputs of batch norms that stay as they are
 */
export function convertBatchNorms(network: Network, leaves: ReadonlySet<ValueId> = new Set()): Network {
  const parameters = new Map(network.parameters);
  const operations = network.operations.map((operation): Operation => {
    if (operation.kind !== 'batchNorm' || leaves.has(operation.output)) return operation;
    const affine = affineOf(operation, network.parameters);
    const scale = `${operation.name}/scale`;
    const offset = `${operation.name}/offset`;
    parameters.set(scale, { shape: [affine.scale.length], data: affine.scale });
    parameters.set(offset, { shape: [affine.offset.length], data: affine.offset });
    const { name, layer, inputs, output } = operation;
    return { kind: 'rescale', name, layer, inputs, output, scale, offset, learned: false };
  });
  return dropUnused({ ...network, operations, parameters });
}
