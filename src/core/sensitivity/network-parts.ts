/** Parts of a network: what depends on a kernel, and pieces that run one after the other. */
import { hasKernel } from '../network/kernel-operations.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { parametersOf } from '../network/operation-parameters.ts';
import type { Operation } from '../network/operations.ts';

/** Operations of a network with the values that go in and those that are wanted of them. */
export interface NetworkPart {
  readonly operations: readonly Operation[];
  /** Computed by operations that are not in the part, or inputs of the network. */
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
}

/** What depends on a kernel: its layer and all after it. */
export function suffixOf(network: Network, kernel: ParameterId): NetworkPart {
  return dependentPart(network.operations, kernel, new Set(network.outputs));
}

/**
 * What depends on a kernel of some operations.
 *
 * @param wanted values that are used elsewhere: those of them that change are its outputs
 */
export function dependentPart(operations: readonly Operation[], kernel: ParameterId, wanted: ReadonlySet<ValueId>): NetworkPart {
  const changed = new Set<ValueId>();
  const dependent = operations.filter((operation) => {
    const depends = parametersOf(operation).includes(kernel) || operation.inputs.some((input) => changed.has(input));
    if (depends) changed.add(operation.output);
    return depends;
  });
  return { operations: dependent, inputs: readFromOutside(dependent), outputs: [...wanted].filter((id) => changed.has(id)) };
}

/** More take longer to compile for a change within, fewer move more values between pieces. Three are a block of MobileNetV2. */
const kernelsInPiece = 3;

/** Consecutive pieces of so many kernels, each beginning with an operation that has one: what is fused after it stays with it. */
export function piecesOf(network: Network): readonly NetworkPart[] {
  const pieces: Operation[][] = [];
  let kernels = kernelsInPiece;
  for (const operation of network.operations) {
    const own = pieces.at(-1);
    if (own === undefined || (hasKernel(operation) && kernels === kernelsInPiece)) {
      pieces.push([operation]);
      kernels = hasKernel(operation) ? 1 : 0;
    } else {
      own.push(operation);
      if (hasKernel(operation)) kernels++;
    }
  }
  return pieces.map((operations, index) => {
    const wanted = wantedAfter(network, pieces.slice(index + 1).flat());
    return {
      operations,
      inputs: readFromOutside(operations),
      outputs: operations.flatMap(({ output }) => (wanted.has(output) ? [output] : [])),
    };
  });
}

/** What these operations, the last of the network, read, and the network's outputs. */
export function wantedAfter(network: Network, rest: readonly Operation[]): ReadonlySet<ValueId> {
  return new Set([...network.outputs, ...rest.flatMap(({ inputs }) => inputs)]);
}

export function readFromOutside(operations: readonly Operation[]): readonly ValueId[] {
  const own = new Set(operations.map(({ output }) => output));
  return [...new Set(operations.flatMap(({ inputs }) => inputs.filter((input) => !own.has(input))))];
}
