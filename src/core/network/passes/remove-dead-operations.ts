import type { Network, Shape, ValueId } from '../network.ts';
import type { Operation } from '../operations.ts';
import { sameShape } from '../shapes/shape.ts';
import { dropUnused, redirect } from './rewrite.ts';

/** Removes what does nothing at inference (dropout, identities) and what no output depends on. */
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
  const shapeOf = (value: ValueId | undefined): Shape => (value === undefined ? [] : (network.values.get(value)?.shape ?? []));
  const everyIs = (id: string, expected: number): boolean => network.parameters.get(id)?.data.every((value) => value === expected) === true;
  switch (operation.kind) {
    case 'dropout':
      return true;
    case 'concat':
      return operation.inputs.length === 1;
    case 'pad':
      return operation.paddings.every(([before, after]) => before === 0 && after === 0);
    case 'crop':
    case 'reshape':
      return sameShape(shapeOf(operation.inputs[0]), shapeOf(operation.output));
    case 'permute':
      return operation.order.every((axis, position) => axis === position);
    case 'upsample':
      return operation.factor.every((factor) => factor === 1);
    case 'pool2d':
      return [...operation.size, ...operation.strides].every((n) => n === 1);
    case 'rescale':
      return everyIs(operation.scale, 1) && everyIs(operation.offset, 0);
    default:
      return false;
  }
}
