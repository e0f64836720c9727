import type { Constraints, NetworkConstraints } from '../constraints/constraint.ts';
import { projectWeights, refreshConstraints } from '../constraints/composition.ts';
import type { Network, Parameter, ParameterId } from '../network/network.ts';
import { unpack } from './flat-layout.ts';
import type { TrainedParameters } from './trained-parameters.ts';

/**
 * The network and its constraints after training: constraints have the last masks, centroids and scales, and every
 * constrained weight is projected, so that the network satisfies them.
 *
 * @param state by the names of the training program, masks included
 */
export function trainedNetwork(
  network: Network,
  parameters: TrainedParameters,
  constraints: NetworkConstraints,
  state: ReadonlyMap<string, Float32Array>,
): { readonly network: Network; readonly constraints: NetworkConstraints } {
  const learned = unpack(parameters.learned, state.get('weights') ?? new Float32Array(parameters.learned.length));
  const statistics = unpack(parameters.statistics, state.get('statistics') ?? new Float32Array(parameters.statistics.length));
  const refreshed = new Map<ParameterId, Constraints>();
  const trained = new Map<ParameterId, Parameter>();
  for (const [id, { shape, data }] of network.parameters) {
    const latent = learned.get(id) ?? statistics.get(id) ?? data;
    const given = constraints.get(id) ?? [];
    const current = learned.has(id) ? refreshConstraints(latent, shape, given, state, id) : given;
    if (current.length > 0) refreshed.set(id, current);
    trained.set(id, { shape, data: current.length > 0 ? projectWeights(latent, shape, current) : latent.slice() });
  }
  return { network: { ...network, parameters: trained }, constraints: refreshed };
}
