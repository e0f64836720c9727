/** Which channels of a network stand or fall together: what has to be known before any can be removed. */
import { unreachable } from '../../errors.ts';
import type { Network, ParameterId, ValueId } from '../../network/network.ts';
import { hasKernel, type KernelOperation, type Operation } from '../../network/operations.ts';
import { DisjointSets } from './disjoint-sets.ts';

/** One output channel of a kernel. */
export interface Filter {
  readonly kernel: ParameterId;
  readonly channel: number;
}

export interface ChannelGroups {
  /** The group of each index along the last axis of a value. */
  groupsOf(value: ValueId): readonly number[];
  /** The groups that nothing outside the network sees, and the filters that compute each. */
  readonly removable: ReadonlyMap<number, readonly Filter[]>;
}

/**
 * Follows every channel from the filter that computes it to all that read it. Residual additions and shared kernels
 * join channels; flattening repeats them; inputs, outputs, softmax and reshapes that mix channels hold them in place.
 */
export function channelGroups(network: Network): ChannelGroups {
  const sets = new DisjointSets();
  const labels = new Map<ValueId, readonly number[]>();
  const pinned: number[] = [];
  const filters: { readonly label: number; readonly filter: Filter }[] = [];
  const kernelUses = new Map<ParameterId, { readonly inputs: readonly number[]; readonly outputs: readonly number[] }>();

  const labelsOf = (value: ValueId | undefined): readonly number[] => labels.get(value ?? '') ?? [];
  const lastAxis = (value: ValueId): number => network.values.get(value)?.shape.at(-1) ?? 1;
  const fresh = (value: ValueId): readonly number[] => Array.from({ length: lastAxis(value) }, () => sets.add());
  const pin = (all: readonly number[]): readonly number[] => {
    pinned.push(...all);
    return all;
  };
  const join = (a: readonly number[], b: readonly number[]): void => {
    a.forEach((label, i) => {
      sets.join(label, b[i] ?? label);
    });
  };

  /** A kernel that is used again computes and reads the same channels at each use. */
  const shareKernel = (operation: KernelOperation, inputs: readonly number[], outputs: readonly number[]): void => {
    const first = kernelUses.get(operation.kernel);
    if (first === undefined) {
      kernelUses.set(operation.kernel, { inputs, outputs });
      return;
    }
    join(first.inputs, inputs);
    join(first.outputs, outputs);
  };

  const outputLabels = (operation: Operation): readonly number[] => {
    const inputs = operation.inputs.map(labelsOf);
    const [input = []] = inputs;
    switch (operation.kind) {
      case 'conv2d':
      case 'transposeConv2d':
      case 'dense': {
        const outputs = fresh(operation.output);
        if (!kernelUses.has(operation.kernel))
          outputs.forEach((label, channel) => filters.push({ label, filter: { kernel: operation.kernel, channel } }));
        shareKernel(operation, input, outputs);
        return outputs;
      }
      case 'depthwiseConv2d': {
        const outputs = input.flatMap((label) => Array.from({ length: operation.multiplier }, () => label));
        shareKernel(operation, input, outputs);
        return outputs;
      }
      case 'binary': {
        const [other = []] = inputs.slice(1);
        if (input.length === other.length) join(input, other);
        else pin(input.length === 1 ? input : other);
        return input.length === 1 ? other : input;
      }
      case 'concat': {
        const rank = network.values.get(operation.output)?.shape.length ?? 1;
        if (operation.axis === rank - 1) return inputs.flat();
        for (const other of inputs.slice(1)) join(input, other);
        return input;
      }
      case 'pad': {
        const [before, after] = operation.paddings.at(-1) ?? [0, 0];
        const zeros = (count: number): readonly number[] => pin(Array.from({ length: count }, () => sets.add()));
        return [...zeros(before), ...input, ...zeros(after)];
      }
      case 'crop': {
        const begin = operation.begin.at(-1) ?? 0;
        // A crop of channels counts them, so that none before or inside it may go.
        return (operation.size.at(-1) ?? input.length) === input.length
          ? input
          : pin(input).slice(begin, begin + lastAxis(operation.output));
      }
      case 'reshape': {
        const length = lastAxis(operation.output);
        if (input.length > 0 && length % input.length === 0) return Array.from({ length }, (_, i) => input[i % input.length] ?? 0);
        pin(input);
        return pin(fresh(operation.output));
      }
      case 'permute': {
        if (operation.order.at(-1) === operation.order.length - 1) return input;
        pin(input);
        return pin(fresh(operation.output));
      }
      case 'embedding':
        return pin(fresh(operation.output));
      case 'activation':
        return operation.function === 'softmax' ? pin(input) : input;
      case 'batchNorm':
      case 'prelu':
      case 'rescale':
      case 'pool2d':
      case 'globalPool':
      case 'dropout':
      case 'upsample':
        return input;
      default:
        return unreachable(operation);
    }
  };

  for (const value of network.inputs) labels.set(value, pin(fresh(value)));
  for (const operation of network.operations) {
    const outputs = outputLabels(operation);
    labels.set(operation.output, outputs);
    joinSharedParameters(operation, outputs, kernelUses, join);
  }
  for (const value of network.outputs) pin(labelsOf(value));

  const held = new Set(pinned.map((label) => sets.find(label)));
  const removable = new Map<number, Filter[]>();
  for (const { label, filter } of filters) {
    const group = sets.find(label);
    if (!held.has(group)) removable.set(group, [...(removable.get(group) ?? []), filter]);
  }
  return { groupsOf: (value) => labelsOf(value).map((label) => sets.find(label)), removable };
}

/** Other parameters by channel, used at two places, tie those places as a kernel does. */
function joinSharedParameters(
  operation: Operation,
  outputs: readonly number[],
  uses: Map<ParameterId, { readonly inputs: readonly number[]; readonly outputs: readonly number[] }>,
  join: (a: readonly number[], b: readonly number[]) => void,
): void {
  const ids = hasKernel(operation)
    ? [operation.bias]
    : operation.kind === 'batchNorm'
      ? [operation.gamma, operation.beta, operation.mean, operation.variance]
      : operation.kind === 'rescale'
        ? [operation.scale, operation.offset]
        : operation.kind === 'prelu'
          ? [operation.alpha]
          : [];
  for (const id of ids) {
    if (id === undefined) continue;
    const first = uses.get(id);
    if (first === undefined) uses.set(id, { inputs: outputs, outputs });
    else join(first.outputs, outputs);
  }
}
