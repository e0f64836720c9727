/** Which kernels have 4-bit weights: by the recipe's rules for layers, where the runtimes take them. */
import type { WeightBits } from '../../../shared/recipe/layer-rule.ts';
import { findConstraint, type NetworkConstraints } from '../../constraints/constraint.ts';
import { weightLimit } from '../../constraints/integer-grid.ts';
import { EspalierError } from '../../errors.ts';
import type { Network, ParameterId } from '../../network/network.ts';
import type { KernelOperation } from '../../network/kernel-operations.ts';
import { type Kernel, kernelsOf } from '../kernels.ts';
import { selectKernels } from '../layer-rules.ts';
import type { TechniqueContext, TechniqueRequest } from '../technique.ts';

/** Bits of the weights that this folder chooses. */
export const narrowBits = 4;

/**
 * The kernels that get 4 bits. A rule with `bits` decides for its layers, all others have those of the technique. A
 * layer that cannot have 4 bits keeps 8, and a warning names it with the reason.
 *
 * @param network as it is deployed, or prepared for training
 * @param bits of layers without a rule
 * @throws EspalierError `invalid-argument` where all are to have 4 bits and none can, or for a pattern without a layer
 */
export function narrowKernels(
  network: Network,
  constraints: NetworkConstraints,
  { row, rules, bits }: Pick<TechniqueRequest<object>, 'row' | 'rules'> & { readonly bits: WeightBits },
  context: Pick<TechniqueContext, 'warn'>,
): ReadonlySet<ParameterId> {
  const wanted = selectKernels(network, { bits }, { row, options: { includeDepthwise: true }, rules }).filter(
    ({ settings }) => settings.bits === narrowBits,
  );
  const kept = new Map<string, string[]>();
  const chosen = wanted.filter((kernel) => {
    const reason = obstacle(kernel, constraints, network);
    if (reason === undefined) return true;
    kept.set(reason, [...(kept.get(reason) ?? []), `"${kernel.layer}"`]);
    return false;
  });
  for (const [reason, layers] of kept) context.warn(`layers ${layers.join(', ')} keep 8-bit weights: ${reason}`);
  if (chosen.length === 0 && bits === narrowBits) throw noneLeft();
  return new Set(chosen.map(({ parameter }) => parameter));
}

function noneLeft(): EspalierError {
  return new EspalierError('invalid-argument', 'no kernel is left for 4 bits', {
    fix: 'convolutions and dense layers take them: let fewer rules keep layers at 8 bits, or use "ptq"',
  });
}

/**
 * Checks the rules for bits before anything is trained.
 *
 * @throws EspalierError `invalid-argument` for a pattern that matches no layer, and where all are to have 4 bits and none can
 */
export function checkWeightBits(network: Network, { row, rules }: Pick<TechniqueRequest<object>, 'row' | 'rules'>): void {
  const bits = row.weightBits ?? 8;
  const kernels = selectKernels(network, { bits }, { row, options: { includeDepthwise: true }, rules });
  if (bits !== narrowBits) return;
  const takes = kernels.some((kernel) => kernel.settings.bits === narrowBits && obstacle(kernel, new Map(), network) === undefined);
  if (!takes) throw noneLeft();
}

/** Why a kernel cannot have 4 bits. */
function obstacle({ parameter, operation }: Kernel, constraints: NetworkConstraints, network: Network): string | undefined {
  const users = kernelUsers(network, parameter);
  if (users.some((user) => !takesNarrowWeights(user))) return 'only convolutions, depthwise convolutions and dense layers take 4 bits';
  if (operation.kind === 'conv2d' && operation.groups > 1) return 'LiteRT has no grouped convolution with 4-bit weights';
  const codebook = findConstraint(constraints.get(parameter) ?? [], 'codebook');
  if (codebook?.integers === true && codebook.centroids.some((value) => Math.abs(value) > weightLimit(narrowBits)))
    return 'their values are 8-bit integers already ("integerGrid")';
  return undefined;
}

function kernelUsers(network: Network, parameter: ParameterId): readonly KernelOperation[] {
  return network.operations.filter((operation): operation is KernelOperation => 'kernel' in operation && operation.kernel === parameter);
}

/** The operators that run INT4 kernels, in LiteRT and TFLite Micro alike. */
function takesNarrowWeights({ kind }: KernelOperation): boolean {
  switch (kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'dense':
      return true;
    case 'transposeConv2d':
      return false;
  }
}

/** Kernels of the network with 4-bit weights, of those that were chosen. */
export function chosenKernels(network: Network, chosen: ReadonlySet<ParameterId>): readonly Kernel[] {
  return kernelsOf(network).filter(({ parameter }) => chosen.has(parameter));
}
