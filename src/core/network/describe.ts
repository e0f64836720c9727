/** A network as a table, one row for each operation. */
import { factsOf, shapesAround } from './kinds/operation-table.ts';
import type { Network, Shape } from './network.ts';
import { parametersOf } from './operation-parameters.ts';
import type { Operation } from './operations.ts';

export interface OperationDescription {
  readonly layer: string;
  readonly kind: Operation['kind'];
  /** What distinguishes it from others of its kind: `3x3, stride 2, same, relu`. */
  readonly details: string;
  readonly outputShape: Shape;
  /** Parameters that no earlier operation counted: those of shared layers count once. */
  readonly parameters: number;
  /** Of one example. */
  readonly multiplyAdds: number;
}

export interface NetworkDescription {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly outputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly operations: readonly OperationDescription[];
  readonly parameters: number;
  readonly multiplyAdds: number;
}

export function describeNetwork(network: Network): NetworkDescription {
  const counted = new Set<string>();
  const shapeOf = (id: string): Shape => network.values.get(id)?.shape ?? [];
  const operations = network.operations.map((operation): OperationDescription => {
    const own = parametersOf(operation).filter((id) => !counted.has(id));
    for (const id of own) counted.add(id);
    return {
      layer: operation.layer,
      kind: operation.kind,
      details: factsOf(operation).details(operation, shapesAround(operation, network)),
      outputShape: shapeOf(operation.output),
      parameters: own.reduce((sum, id) => sum + (network.parameters.get(id)?.data.length ?? 0), 0),
      multiplyAdds: factsOf(operation).multiplyAdds?.(operation, shapesAround(operation, network)) ?? 0,
    };
  });
  const named = (ids: readonly string[]): readonly { name: string; shape: Shape }[] => ids.map((name) => ({ name, shape: shapeOf(name) }));
  return {
    name: network.name,
    inputs: named(network.inputs),
    outputs: named(network.outputs),
    operations,
    parameters: operations.reduce((sum, operation) => sum + operation.parameters, 0),
    multiplyAdds: operations.reduce((sum, operation) => sum + operation.multiplyAdds, 0),
  };
}
