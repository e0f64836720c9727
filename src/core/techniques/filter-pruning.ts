import { defaultSparsity, trainingDefaults } from '../../shared/recipe/defaults.ts';
import type { PruningOptions } from '../../shared/recipe/pruning-options.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { hasKernel } from '../network/kernel-operations.ts';
import { type ChannelGroups, channelGroups } from './filter-pruning/channel-groups.ts';
import { chooseFilters } from './filter-pruning/choose-filters.ts';
import { removeChannels } from './filter-pruning/remove-channels.ts';
import { trainFloatStage } from './fine-tuning-stage.ts';
import { kernelsOf } from './kernels.ts';
import { layerPattern, type SelectedKernel, selectKernels } from './layer-rules.ts';
import { reconstructKernels } from './pruning/reconstruct-kernels.ts';
import { checkSparsity } from './pruning/schedules.ts';
import type { OptimizedModel, TechniqueContext, TechniqueRequest } from './technique.ts';

/**
 * Removes whole filters from the network, then fine-tunes what is left: smaller and faster in every runtime. Layers tied
 * by residual additions lose the same channels. Constraints of the model end here, for its kernels change their shapes.
 * Li et al. 2017, arXiv:1608.08710.
 *
 * @throws EspalierError before training where there is no filter that could go
 */
export async function pruneFilters(
  model: OptimizedModel,
  request: TechniqueRequest<PruningOptions>,
  context: TechniqueContext,
): Promise<OptimizedModel> {
  checkRemovedFilters(model.network, request);
  const { groups, removed } = checkFilterPruning(model.network, request);
  const network = removeChannels(model.network, groups, removed);
  return trainFloatStage({ network, constraints: new Map() }, context, request.options, trainingDefaults.float);
}

/**
 * The model without the filters that `filters` of the options and rules removes; the layers that read them are fitted to
 * what they computed with them, by least squares, unless `reconstruction` is false. He et al. 2017, arXiv:1707.06168,
 * equation 1, with the channels given. Constraints of the model end here, for its kernels change their shapes.
 *
 * @returns the model itself where nothing is removed
 * @throws EspalierError `cancelled`
 */
export async function withoutFilters(
  model: OptimizedModel,
  request: TechniqueRequest<PruningOptions>,
  context: TechniqueContext,
): Promise<OptimizedModel> {
  const { network } = model;
  const { groups, removed } = checkRemovedFilters(network, request);
  if (removed.size === 0) return model;
  const fitted =
    request.options.reconstruction === false
      ? network
      : await reconstructKernels(network, network, inputMasks(network, groups, removed), context);
  return { network: removeChannels(fitted, groups, removed), constraints: new Map(), ranges: undefined };
}

/**
 * What `filters` of the options and rules removes before weights are pruned.
 *
 * @throws EspalierError `invalid-argument` for a part outside [0, 1), beside a structure that removes filters itself, or
 *   where there is no filter that could go
 */
export function checkRemovedFilters(network: Network, request: TechniqueRequest<PruningOptions>): FilterChoice {
  const { options } = request;
  const kernels = selectKernels(network, { filters: options.filters ?? 0 }, request).filter(({ settings }) => settings.filters !== 0);
  for (const { layer, settings } of kernels) checkSparsity(settings.filters, `layer "${layer}"`, 'filters');
  if (kernels.length > 0 && (options.structure === 'filters' || options.structure === 'xnnpack'))
    throw new EspalierError('invalid-argument', `"filters" does not go with the structure "${options.structure}"`, {
      where: 'pruning.filters',
      fix: 'leave one of them out; the structure "filters" removes the part that "sparsity" gives',
    });
  const groups = channelGroups(network);
  const removed = chooseFilters(network, groups, new Map(kernels.map(({ parameter, settings }) => [parameter, settings.filters])));
  requireEffect(kernels, { groups, removed }, request);
  if (kernels.length > 0 && removed.size === 0) throw nothingToRemove('filters');
  return { groups, removed };
}

/** @throws EspalierError for a rule whose part of the filters is so small, or of such layers, that none of them loses any */
function requireEffect(
  kernels: readonly SelectedKernel<'filters'>[],
  { groups, removed }: FilterChoice,
  { rules }: TechniqueRequest<PruningOptions>,
): void {
  const narrowed = new Set([...removed].flatMap((group) => (groups.removable.get(group) ?? []).map(({ kernel }) => kernel)));
  const removable = new Set([...groups.removable.values()].flatMap((filters) => filters.map(({ kernel }) => kernel)));
  const ofFilters = rules
    .filter(({ filters }) => filters !== undefined)
    .map(({ pattern, filters = 0 }) => ({ pattern, filters, matches: layerPattern(pattern) }));
  const deciding = new Map(kernels.map((kernel) => [kernel, ofFilters.findLast(({ matches }) => matches.test(kernel.layer))]));
  for (const rule of ofFilters) {
    const { pattern, filters } = rule;
    const named = kernels.filter((kernel) => deciding.get(kernel) === rule);
    if (named.length === 0 || named.some(({ parameter }) => narrowed.has(parameter))) continue;
    const most = Math.max(...named.map(({ shape }) => shape[0] ?? 1));
    throw new EspalierError('invalid-argument', `"filters": ${filters} for "${pattern}" removes no filter`, {
      where: 'layers',
      fix: named.some(({ parameter }) => removable.has(parameter))
        ? `raise it to ${Math.ceil(500 / most) / 1000} at least, half of one filter of ${most}; layers that are added to each other lose as many filters as the least of them, so all need it`
        : 'leave it out; the filters of the last layer, of depthwise convolutions, and of layers that are added to the input, have to stay',
    });
  }
}

/**
 * The network without these parts of its layers' filters, as pruning removes them.
 *
 * @param parts in [0, 1), by layer; others keep their filters, and so do those that are tied to them
 */
export function networkWithoutFilters(network: Network, parts: ReadonlyMap<string, number>): Network {
  const groups = channelGroups(network);
  const wanted = new Map<ParameterId, number>(
    kernelsOf(network).flatMap(({ parameter, layer }) => {
      const part = parts.get(layer);
      return part === undefined ? [] : [[parameter, part] as const];
    }),
  );
  return removeChannels(network, groups, chooseFilters(network, groups, wanted));
}

/** Of `networkWithoutFilters`, by layer: weights of the kernel, and its filters. */
export function layersWithoutFilters(
  network: Network,
  parts: ReadonlyMap<string, number>,
): ReadonlyMap<string, { readonly elements: number; readonly filters: number }> {
  const kernels = kernelsOf(networkWithoutFilters(network, parts));
  return new Map(kernels.map(({ layer, shape, data }) => [layer, { elements: data.length, filters: shape[0] ?? 0 }]));
}

/** Masks of the kernels that read a removed channel: 0 for the weights that it is multiplied with. */
function inputMasks(network: Network, groups: ChannelGroups, removed: ReadonlySet<number>): ReadonlyMap<ParameterId, Uint8Array> {
  return new Map(
    network.operations.flatMap((operation) => {
      if (!hasKernel(operation) || operation.kind === 'depthwiseConv2d') return [];
      const kernel = network.parameters.get(operation.kernel);
      const inputs = groups.groupsOf(operation.inputs[0] ?? '');
      if (kernel === undefined || kernel.shape.at(-1) !== inputs.length || !inputs.some((group) => removed.has(group))) return [];
      return [[operation.kernel, Uint8Array.from(kernel.data, (_, i) => Number(!removed.has(inputs[i % inputs.length] ?? -1)))] as const];
    }),
  );
}

interface FilterChoice {
  readonly groups: ChannelGroups;
  /** Groups of channels that go. */
  readonly removed: ReadonlySet<number>;
}

/**
 * What a filter pruning would remove.
 *
 * @throws EspalierError `invalid-argument` where there is no filter that could go
 */
export function checkFilterPruning(network: Network, request: TechniqueRequest<PruningOptions>): FilterChoice {
  const kernels = selectKernels(network, { sparsity: request.options.sparsity ?? defaultSparsity }, request);
  for (const { layer, settings } of kernels) checkSparsity(settings.sparsity, `layer "${layer}"`);
  const groups = channelGroups(network);
  const removed = chooseFilters(network, groups, new Map(kernels.map(({ parameter, settings }) => [parameter, settings.sparsity])));
  if (removed.size === 0) throw nothingToRemove('sparsity');
  return { groups, removed };
}

function nothingToRemove(option: 'filters' | 'sparsity'): EspalierError {
  return new EspalierError('invalid-argument', 'no filter can be removed', {
    fix: `raise "${option}" or exclude fewer layers; the filters of the last layer, and of layers that are added to the input, have to stay`,
  });
}
