import { factsOf, shapesAround } from '../kinds/operation-table.ts';
import type { Network, ValueId } from '../network.ts';
import type { Operation } from '../operations.ts';
import { dropUnused, redirect } from './rewrite.ts';

/** Removes operations that do nothing at inference (dropout, identities) and those that no output depends on. */
export function removeDeadOperations(network: Network): Network {
  const live = liveOperations(network);
  const outputs = new Set(network.outputs);
  const inputs = new Set(network.inputs);
  const replacements = new Map<ValueId, ValueId>();
  const kept = live.filter((operation) => {
    const [input] = operation.inputs;
    if (input === undefined || !isIdentity(operation, network)) return true;
    // An output must stay computed by an operation: a runtime has no way to return an input or one value twice.
    const source = replacements.get(input) ?? input;
    if (outputs.has(operation.output) && (inputs.has(source) || outputs.has(source))) return true;
    replacements.set(operation.output, source);
    if (outputs.has(operation.output)) outputs.add(source);
    return false;
  });
  return dropUnused(redirect({ ...network, operations: kept }, replacements));
}

function liveOperations(network: Network): readonly Operation[] {
  const needed = new Set<ValueId>(network.outputs);
  const live: Operation[] = [];
  for (const operation of network.operations.toReversed()) {
    if (!needed.has(operation.output)) continue;
    for (const input of operation.inputs) needed.add(input);
    live.push(operation);
  }
  return live.reverse();
}

function isIdentity(operation: Operation, network: Network): boolean {
  return factsOf(operation).isIdentity?.(operation, shapesAround(operation, network)) ?? false;
}
