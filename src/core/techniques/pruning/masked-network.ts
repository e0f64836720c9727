import { projectSparsity } from '../../constraints/sparsity.ts';
import type { Network, ParameterId } from '../../network/network.ts';

/** The network with zeros where the masks of its kernels have them. */
export function withMaskedWeights(network: Network, masks: ReadonlyMap<ParameterId, Uint8Array>): Network {
  const parameters = new Map(network.parameters);
  for (const [id, mask] of masks) {
    const parameter = parameters.get(id);
    if (parameter !== undefined) parameters.set(id, { ...parameter, data: projectSparsity(parameter.data, { mask }) });
  }
  return { ...network, parameters };
}
