/** What filter pruning must agree with: the same network with the removed channels silenced. */
import type { Network } from '../../../src/core/network/network.ts';
import { elementCount } from '../../../src/core/network/shapes/shape.ts';
import { channelGroups } from '../../../src/core/techniques/filter-pruning/channel-groups.ts';
import { kernelsOf } from '../../../src/core/techniques/kernels.ts';

export const halfOf = (network: Network): ReadonlyMap<string, number> =>
  new Map(kernelsOf(network).map(({ parameter }) => [parameter, 0.5]));

/** The same network with the removed channels held at zero where they are computed: kernel rows, biases and batch norms. */
export function masked(network: Network, removed: ReadonlySet<number>): Network {
  const groups = channelGroups(network);
  const parameters = new Map(network.parameters);
  const silence = (id: string | undefined, channels: readonly number[], axis: number): void => {
    const parameter = id === undefined ? undefined : parameters.get(id);
    if (id === undefined || parameter === undefined) return;
    const inner = elementCount(parameter.shape.slice(axis + 1));
    const length = parameter.shape[axis]!;
    parameters.set(id, {
      ...parameter,
      data: parameter.data.map((value, i) => (channels.includes(Math.floor(i / inner) % length) ? 0 : value)),
    });
  };
  for (const operation of network.operations) {
    const gone = groups.groupsOf(operation.output).flatMap((group, i) => (removed.has(group) ? [i] : []));
    if (operation.kind === 'batchNorm') for (const id of [operation.gamma, operation.beta]) silence(id, gone, 0);
    if (operation.kind === 'conv2d' || operation.kind === 'dense' || operation.kind === 'depthwiseConv2d') {
      silence(operation.kernel, gone, operation.kind === 'depthwiseConv2d' ? 3 : 0);
      silence(operation.bias, gone, 0);
    }
  }
  return { ...network, parameters };
}
