import { defaultSparsity, trainingDefaults } from '../../shared/recipe/defaults.ts';
import type { PruningOptions } from '../../shared/recipe/pruning-options.ts';
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { type ChannelGroups, channelGroups } from './filter-pruning/channel-groups.ts';
import { chooseFilters } from './filter-pruning/choose-filters.ts';
import { removeChannels } from './filter-pruning/remove-channels.ts';
import { trainFloatStage } from './fine-tuning-stage.ts';
import { selectKernels } from './layer-rules.ts';
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
  const { groups, removed } = checkFilterPruning(model.network, request);
  const network = removeChannels(model.network, groups, removed);
  return trainFloatStage({ network, constraints: new Map() }, context, request.options, trainingDefaults.float);
}

/**
 * What a filter pruning would remove.
 *
 * @throws EspalierError `invalid-argument` where there is no filter that could go
 */
export function checkFilterPruning(
  network: Network,
  request: TechniqueRequest<PruningOptions>,
): { readonly groups: ChannelGroups; readonly removed: ReadonlySet<number> } {
  const kernels = selectKernels(network, { sparsity: request.options.sparsity ?? defaultSparsity }, request);
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
