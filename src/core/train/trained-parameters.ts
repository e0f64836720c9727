import { projectWeights, refreshConstraints } from '../constraints/composition.ts';
import type { Constraints, NetworkConstraints } from '../constraints/constraint.ts';
import { EspalierError } from '../errors.ts';
import type { Network, Parameter, ParameterId } from '../network/network.ts';
import { parametersOf } from '../network/operation-parameters.ts';
import { type FlatLayout, flatLayout, unpack } from './flat-layout.ts';

/** How the parameters of a network take part in training. */
export interface TrainedParameters {
  /** Learned by gradient. */
  readonly learned: FlatLayout;
  /** Running statistics of batch norms, moved by what each batch shows; empty when they are frozen. */
  readonly statistics: FlatLayout;
}

/**
 * All parameters learn except the statistics of batch norms, rescaling factors and constants, and frozen ones. A batch
 * norm whose gamma and beta are both frozen keeps its statistics too, as a frozen layer does in Keras.
 *
 * @throws EspalierError when nothing is left to learn.
 */
export function trainedParameters(network: Network, batchNorm: 'training' | 'frozen', frozen: ReadonlySet<ParameterId>): TrainedParameters {
  const constants = new Set<ParameterId>(frozen);
  const moving = new Set<ParameterId>();
  for (const operation of network.operations) {
    if ((operation.kind === 'rescale' || operation.kind === 'constant') && !operation.learned)
      for (const id of parametersOf(operation)) constants.add(id);
    if (operation.kind !== 'batchNorm') continue;
    for (const id of [operation.mean, operation.variance]) {
      constants.add(id);
      if (batchNorm === 'training' && !(frozen.has(operation.gamma) && frozen.has(operation.beta))) moving.add(id);
    }
  }
  const used = new Set(network.operations.flatMap((operation) => parametersOf(operation)));
  const parameters = [...network.parameters].filter(([id]) => used.has(id)).map(([name, { shape }]) => ({ name, shape }));
  const learned = flatLayout(parameters.filter(({ name }) => !constants.has(name)));
  if (learned.length === 0) {
    throw new EspalierError(
      'invalid-argument',
      `network "${network.name}" has nothing to train: ${used.size === 0 ? 'it has no parameters' : 'all of its parameters are frozen'}`,
      { fix: 'freeze fewer layers' },
    );
  }
  return { learned, statistics: flatLayout(parameters.filter(({ name }) => moving.has(name))) };
}

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
