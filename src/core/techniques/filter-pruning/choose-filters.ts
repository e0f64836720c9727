import type { Network, ParameterId } from '../../network/network.ts';
import type { ChannelGroups, Filter } from './channel-groups.ts';

/**
 * The groups of channels to remove: in each layer, or in layers tied by residual additions, those whose filters have the
 * smallest L1 norms, relative to the mean of their kernel. Li et al. 2017, arXiv:1608.08710, section 3.1. At least one
 * filter stays.
 *
 * @param sparsities fraction of filters to remove by kernel, in [0, 1); tied kernels follow the least, and a kernel
 * that is missing keeps its filters
 */
export function chooseFilters(network: Network, groups: ChannelGroups, sparsities: ReadonlyMap<ParameterId, number>): ReadonlySet<number> {
  const norms = new Map<ParameterId, readonly number[]>();
  const relativeNorm = ({ kernel, channel }: Filter): number => {
    const known = norms.get(kernel) ?? relativeNorms(network, kernel);
    norms.set(kernel, known);
    return known[channel] ?? 0;
  };

  const ranked = new Map<string, { readonly sparsity: number; readonly candidates: { readonly group: number; readonly norm: number }[] }>();
  for (const [group, filters] of groups.removable) {
    const kernels = [...new Set(filters.map(({ kernel }) => kernel))].sort();
    const sparsity = Math.min(...kernels.map((kernel) => sparsities.get(kernel) ?? 0));
    const tied = ranked.get(kernels.join('\n')) ?? { sparsity, candidates: [] };
    tied.candidates.push({ group, norm: filters.reduce((sum, filter) => sum + relativeNorm(filter), 0) });
    ranked.set(kernels.join('\n'), tied);
  }
  return new Set(
    [...ranked.values()].flatMap(({ sparsity, candidates }) => {
      const count = Math.min(Math.round(candidates.length * sparsity), candidates.length - 1);
      return candidates
        .sort((a, b) => a.norm - b.norm || a.group - b.group)
        .slice(0, count)
        .map(({ group }) => group);
    }),
  );
}

/** Kernels whose filters can be removed lie with them on the first axis. */
function relativeNorms(network: Network, kernel: ParameterId): readonly number[] {
  const parameter = network.parameters.get(kernel);
  if (parameter === undefined) return [];
  const filters = parameter.shape[0] ?? 1;
  const length = parameter.data.length / filters;
  const norms = Array.from({ length: filters }, (_, filter) =>
    parameter.data.subarray(filter * length, (filter + 1) * length).reduce((sum, weight) => sum + Math.abs(weight), 0),
  );
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / filters;
  return mean === 0 ? norms : norms.map((norm) => norm / mean);
}
