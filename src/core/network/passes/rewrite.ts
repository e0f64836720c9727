/** Helpers of passes: who reads a value, and renaming values. */
import type { Network, ParameterId, ValueId } from '../network.ts';
import { parametersOf } from '../operation-parameters.ts';
import type { Operation } from '../operations.ts';

export interface Uses {
  /** The operation that computes the value; undefined for inputs. */
  producer(value: ValueId): Operation | undefined;
  consumers(value: ValueId): readonly Operation[];
  /** The one reader of the value, when nothing else reads it and it is not an output. */
  soleConsumer(value: ValueId): Operation | undefined;
  /** How many operations name the parameter. */
  parameterUsers(parameter: ParameterId): number;
}

export function usesOf(network: Network): Uses {
  const producers = new Map<ValueId, Operation>();
  const consumers = new Map<ValueId, Operation[]>();
  const parameterUsers = new Map<ParameterId, number>();
  for (const operation of network.operations) {
    producers.set(operation.output, operation);
    for (const input of new Set(operation.inputs)) {
      const known = consumers.get(input);
      if (known === undefined) consumers.set(input, [operation]);
      else known.push(operation);
    }
    for (const id of parametersOf(operation)) parameterUsers.set(id, (parameterUsers.get(id) ?? 0) + 1);
  }
  const outputs = new Set(network.outputs);
  return {
    producer: (value) => producers.get(value),
    consumers: (value) => consumers.get(value) ?? [],
    soleConsumer: (value) => {
      const readers = consumers.get(value) ?? [];
      return readers.length === 1 && !outputs.has(value) ? readers[0] : undefined;
    },
    parameterUsers: (parameter) => parameterUsers.get(parameter) ?? 0,
  };
}

/** Lets readers of a removed value read its replacement; chains of removals are followed. */
export function redirect(network: Network, replacements: ReadonlyMap<ValueId, ValueId>): Network {
  const resolve = (value: ValueId): ValueId => {
    let current = value;
    for (let next = replacements.get(current); next !== undefined; next = replacements.get(current)) current = next;
    return current;
  };
  return {
    ...network,
    outputs: network.outputs.map(resolve),
    operations: network.operations.map((operation) => ({ ...operation, inputs: operation.inputs.map(resolve) })),
  };
}

/**
 * Gives values other names; one that has such a name already makes way.
 *
 * @returns the network, and the name that each value has in it
 */
export function rename(
  network: Network,
  names: ReadonlyMap<ValueId, string>,
): { readonly network: Network; readonly of: (value: ValueId) => ValueId } {
  const renamed = new Map(names);
  const taken = new Set([...network.values.keys(), ...names.values()]);
  for (const name of names.values()) {
    if (!network.values.has(name) || names.has(name)) continue;
    let number = 1;
    while (taken.has(`${name}_${number}`)) number++;
    renamed.set(name, `${name}_${number}`);
    taken.add(`${name}_${number}`);
  }
  const of = (value: ValueId): ValueId => renamed.get(value) ?? value;
  return {
    of,
    network: {
      ...network,
      inputs: network.inputs.map(of),
      outputs: network.outputs.map(of),
      values: new Map([...network.values].map(([id, value]) => [of(id), value])),
      operations: network.operations.map((operation) => ({
        ...operation,
        inputs: operation.inputs.map(of),
        output: of(operation.output),
      })),
    },
  };
}

/** Leaves out values and parameters that no operation names any more. */
export function dropUnused(network: Network): Network {
  const values = new Set<ValueId>(network.inputs);
  const parameters = new Set<ParameterId>();
  for (const operation of network.operations) {
    values.add(operation.output);
    for (const id of parametersOf(operation)) parameters.add(id);
  }
  return {
    ...network,
    values: new Map([...network.values].filter(([id]) => values.has(id))),
    parameters: new Map([...network.parameters].filter(([id]) => parameters.has(id))),
  };
}
