import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { type ChannelGroups, channelGroups } from './filter-pruning/channel-groups.ts';
import { chooseFilters } from './filter-pruning/choose-filters.ts';
import { removeChannels } from './filter-pruning/remove-channels.ts';
import { trainFloatStage, type TrainingOptions } from './fine-tuning-stage.ts';
import { type LayerRules, selectKernels } from './layer-rules.ts';
import { checkSparsity } from './pruning/schedules.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';
import { defaultSparsity } from './defaults.ts';

export interface FilterPruningSettings {
  /** Fraction of each layer's filters to remove, in [0, 1). */
  readonly sparsity: number;
}

export interface FilterPruningOptions extends LayerRules<FilterPruningSettings>, TrainingOptions, Partial<FilterPruningSettings> {}

const defaults = { epochs: 2, batchSize: 64, learningRate: 5e-4 };

/**
 * Removes whole filters from the network, then fine-tunes what is left: smaller and faster in every runtime. Layers tied
 * by residual additions lose the same channels. Constraints of the model end here, for its kernels change their shapes.
 * Li et al. 2017, arXiv:1608.08710.
 *
 * @throws EspalierError before training where there is no filter that could go
 */
export async function applyFilterPruning(
  model: OptimizedModel,
  context: TechniqueContext,
  options: FilterPruningOptions = {},
): Promise<OptimizedModel> {
  const { groups, removed } = checkFilterPruning(model.network, options);
  const network = removeChannels(model.network, groups, removed);
  return trainFloatStage({ network, constraints: new Map() }, context, options, defaults);
}

/**
 * What a filter pruning would remove.
 *
 * @throws EspalierError `invalid-argument` where there is no filter that could go
 */
export function checkFilterPruning(
  network: Network,
  options: FilterPruningOptions,
): { readonly groups: ChannelGroups; readonly removed: ReadonlySet<number> } {
  const kernels = selectKernels(network, { sparsity: options.sparsity ?? defaultSparsity }, options);
  for (const { layer, settings } of kernels) checkSparsity(settings.sparsity, `layer "${layer}"`);
  const groups = channelGroups(network);
  const removed = chooseFilters(network, groups, new Map(kernels.map(({ parameter, settings }) => [parameter, settings.sparsity])));
  if (removed.size === 0) {
    throw new EspalierError('invalid-argument', 'no filter can be removed', {
      fix: 'raise "sparsity" or exclude fewer layers; the filters of the last layer, and of layers that are added to the input, have to stay',
    });
  }
  return { groups, removed };
}
