import type { Network, ParameterId } from '../../network/network.ts';
import { kernelsOf } from '../kernels.ts';
import { channelGroups } from './channel-groups.ts';
import { chooseFilters } from './choose-filters.ts';
import { removeChannels } from './remove-channels.ts';

/**
 * The kernels of the network without these parts of their layers' filters, as pruning removes them.
 *
 * @param parts in [0, 1), by layer; others keep their filters, unless they are tied to those
 * @returns by layer: weights of the kernel, and its filters
 */
export function layersWithoutFilters(
  network: Network,
  parts: ReadonlyMap<string, number>,
): ReadonlyMap<string, { readonly elements: number; readonly filters: number }> {
  const groups = channelGroups(network);
  const wanted = new Map<ParameterId, number>(
    kernelsOf(network).flatMap(({ parameter, layer }) => {
      const part = parts.get(layer);
      return part === undefined ? [] : [[parameter, part] as const];
    }),
  );
  const narrowed = removeChannels(network, groups, chooseFilters(network, groups, wanted));
  return new Map(kernelsOf(narrowed).map(({ layer, shape, data }) => [layer, { elements: data.length, filters: shape[0] ?? 0 }]));
}
