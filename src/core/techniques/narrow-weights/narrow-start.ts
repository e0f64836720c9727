/** Where quantization-aware training with 4-bit weights begins. */
import { channelLayout } from '../../constraints/channels.ts';
import { levelsOf } from '../../constraints/composition.ts';
import type { IntegerGrid, NetworkConstraints } from '../../constraints/constraint.ts';
import { roundHalfToEven } from '../../constraints/rounding.ts';
import type { Network, Parameter, ParameterId } from '../../network/network.ts';
import type { TechniqueContext } from '../technique.ts';
import { fitNarrowWeights, type NarrowNetwork } from './fit-narrow-weights.ts';

/** How far a latent weight may lie from its integer, in steps: short of one half, so that it rounds to it. */
const reach = 0.45;

/**
 * The network with the kernels that have 4 bits where `fitNarrowWeights` rounds them: a latent weight rounds to the
 * fitted integer, and lies as near to the weight that it was as that allows, so that training still knows which weights
 * nearly rounded the other way. The scales are learned (LSQ, Esser et al. 2020, arXiv:1902.08153); those of a codebook
 * follow from its values.
 *
 * @param network as it is prepared for training
 * @throws EspalierError `cancelled`
 */
export async function narrowStart(
  network: Network,
  constraints: NetworkConstraints,
  kernels: ReadonlySet<ParameterId>,
  context: TechniqueContext,
): Promise<NarrowNetwork> {
  if (kernels.size === 0) return { network, grids: new Map() };
  const fitted = await fitNarrowWeights(network, constraints, { kernels, correctBiases: true, roundingSteps: 0 }, context);
  const parameters = new Map(fitted.network.parameters);
  const grids = new Map<ParameterId, IntegerGrid>();
  for (const [id, grid] of fitted.grids) {
    const [whole, rounded] = [network.parameters.get(id), fitted.network.parameters.get(id)];
    if (whole === undefined || rounded === undefined) continue;
    const clustered = levelsOf(constraints.get(id) ?? []) !== undefined;
    grids.set(id, { ...grid, scaling: clustered ? 'maximum' : 'learned' });
    parameters.set(id, clustered ? whole : latent(whole, rounded, grid));
  }
  return { network: { ...fitted.network, parameters }, grids };
}

function latent(whole: Parameter, rounded: Parameter, { granularity, scales }: IntegerGrid): Parameter {
  const { channelOf } = channelLayout(whole.shape, granularity);
  const data = whole.data.map((weight, i) => {
    const scale = scales[channelOf(i)] ?? 1;
    const integer = roundHalfToEven((rounded.data[i] ?? 0) / scale);
    return Math.max(integer - reach, Math.min(integer + reach, weight / scale)) * scale;
  });
  return { shape: whole.shape, data };
}
