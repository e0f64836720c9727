/** Groups of channels that can only be removed together. */
import { isAlongLastAxis } from '../../network/kinds/element-wise.ts';
import { factsOf } from '../../network/kinds/operation-table.ts';
import type { Network, ParameterId, ValueId } from '../../network/network.ts';
import type { Operation } from '../../network/operations.ts';
import { hasKernel } from '../../network/kernel-operations.ts';

/** One output channel of a kernel. */
export interface Filter {
  readonly kernel: ParameterId;
  readonly channel: number;
}

export interface ChannelGroups {
  /** The group of each index along the last axis of a value. */
  groupsOf(value: ValueId): readonly number[];
  /** The groups that are not visible outside the network, and the filters that compute each. */
  readonly removable: ReadonlyMap<number, readonly Filter[]>;
}

/**
 * Follows every channel from the filter that computes it to all that read it. Residual additions and shared kernels
 * join channels; flattening repeats them; inputs, outputs, softmax and reshapes that mix channels hold them in place.
 */
export function channelGroups(network: Network): ChannelGroups {
  return new ChannelTrace(network).groups();
}

/** One for each index along the last axis of a value; joined labels are of one group. */
type Labels = readonly number[];

class ChannelTrace {
  readonly #network: Network;
  readonly #sets = new DisjointSets();
  readonly #labels = new Map<ValueId, Labels>();
  /** Labels whose channels must stay. */
  readonly #pinned: number[] = [];
  readonly #filters: { readonly label: number; readonly filter: Filter }[] = [];
  /** The first use of each parameter. */
  readonly #uses = new Map<ParameterId, { readonly inputs: Labels; readonly outputs: Labels }>();

  constructor(network: Network) {
    this.#network = network;
    for (const value of network.inputs) this.#labels.set(value, this.#pin(this.#fresh(value)));
    for (const operation of network.operations) {
      const outputs = this.#outputLabels(operation);
      this.#labels.set(operation.output, outputs);
      for (const parameter of parametersByChannel(operation)) this.#share(parameter, outputs, outputs);
    }
    for (const value of network.outputs) this.#pin(this.#labelsOf(value));
  }

  groups(): ChannelGroups {
    const held = new Set(this.#pinned.map((label) => this.#sets.find(label)));
    const removable = new Map<number, Filter[]>();
    for (const { label, filter } of this.#filters) {
      const group = this.#sets.find(label);
      if (!held.has(group)) removable.set(group, [...(removable.get(group) ?? []), filter]);
    }
    return { groupsOf: (value) => this.#labelsOf(value).map((label) => this.#sets.find(label)), removable };
  }

  #outputLabels(operation: Operation): Labels {
    const inputs = operation.inputs.map((value) => this.#labelsOf(value));
    const [input = []] = inputs;
    switch (operation.kind) {
      case 'conv2d':
      case 'transposeConv2d':
      case 'dense': {
        const outputs = this.#fresh(operation.output);
        if (!this.#uses.has(operation.kernel))
          outputs.forEach((label, channel) => this.#filters.push({ label, filter: { kernel: operation.kernel, channel } }));
        // Filters of a group see its inputs alone, so that groups would have to shrink alike.
        if (operation.kind === 'conv2d' && operation.groups > 1) {
          this.#pin(input);
          this.#pin(outputs);
        } else this.#share(operation.kernel, input, outputs);
        return outputs;
      }
      case 'depthwiseConv2d': {
        const outputs = input.flatMap((label) => Array.from({ length: operation.multiplier }, () => label));
        this.#share(operation.kernel, input, outputs);
        return outputs;
      }
      case 'binary': {
        const [other = []] = inputs.slice(1);
        if (input.length === other.length) this.#join(input, other);
        else this.#pin(input.length === 1 ? input : other);
        return input.length === 1 ? other : input;
      }
      case 'concat': {
        const rank = this.#network.values.get(operation.output)?.shape.length ?? 1;
        if (operation.axis === rank - 1) return inputs.flat();
        for (const other of inputs.slice(1)) this.#join(input, other);
        return input;
      }
      case 'pad': {
        const [before, after] = operation.paddings.at(-1) ?? [0, 0];
        const zeros = (count: number): Labels => this.#pin(Array.from({ length: count }, () => this.#sets.add()));
        return [...zeros(before), ...input, ...zeros(after)];
      }
      case 'crop': {
        const begin = operation.begin.at(-1) ?? 0;
        // A crop of channels counts them, so that none before or inside it may go.
        return (operation.size.at(-1) ?? input.length) === input.length
          ? input
          : this.#pin(input).slice(begin, begin + this.#lastAxis(operation.output));
      }
      case 'reshape': {
        const length = this.#lastAxis(operation.output);
        if (input.length > 0 && length % input.length === 0) return Array.from({ length }, (_, i) => input[i % input.length] ?? 0);
        this.#pin(input);
        return this.#pin(this.#fresh(operation.output));
      }
      case 'permute': {
        if (operation.order.at(-1) === operation.order.length - 1) return input;
        this.#pin(input);
        return this.#pin(this.#fresh(operation.output));
      }
      case 'activation':
        return isAlongLastAxis(operation) ? this.#pin(input) : input;
      default:
        if (factsOf(operation).channels === 'kept') return input;
        for (const labels of inputs) this.#pin(labels);
        return this.#pin(this.#fresh(operation.output));
    }
  }

  #labelsOf(value: ValueId): Labels {
    return this.#labels.get(value) ?? [];
  }

  #lastAxis(value: ValueId): number {
    return this.#network.values.get(value)?.shape.at(-1) ?? 1;
  }

  #fresh(value: ValueId): Labels {
    return Array.from({ length: this.#lastAxis(value) }, () => this.#sets.add());
  }

  #pin(labels: Labels): Labels {
    this.#pinned.push(...labels);
    return labels;
  }

  #join(a: Labels, b: Labels): void {
    a.forEach((label, i) => {
      this.#sets.join(label, b[i] ?? label);
    });
  }

  /** A parameter that is used again computes and reads the same channels at each use. */
  #share(parameter: ParameterId, inputs: Labels, outputs: Labels): void {
    const first = this.#uses.get(parameter);
    if (first === undefined) {
      this.#uses.set(parameter, { inputs, outputs });
      return;
    }
    this.#join(first.inputs, inputs);
    this.#join(first.outputs, outputs);
  }
}

/** Those besides the kernel that have a value for each output channel. */
function parametersByChannel(operation: Operation): readonly ParameterId[] {
  const ids = hasKernel(operation)
    ? [operation.bias]
    : operation.kind === 'batchNorm'
      ? [operation.gamma, operation.beta, operation.mean, operation.variance]
      : operation.kind === 'rescale'
        ? [operation.scale, operation.offset]
        : operation.kind === 'prelu'
          ? [operation.alpha]
          : [];
  return ids.flatMap((id) => id ?? []);
}

/** Union-find over the numbers 0, 1, 2, … in the order they are added. */
class DisjointSets {
  readonly #parents: number[] = [];

  add(): number {
    this.#parents.push(this.#parents.length);
    return this.#parents.length - 1;
  }

  /** The least number of the set, so that the answer does not depend on the order of joins. */
  find(element: number): number {
    let root = element;
    for (let parent = this.#parents[root]; parent !== undefined && parent !== root; parent = this.#parents[root]) root = parent;
    let current = element;
    while (current !== root) {
      const next = this.#parents[current] ?? root;
      this.#parents[current] = root;
      current = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }
}
