import { factsOf } from './kinds/operation-table.ts';
import type { ParameterId } from './network.ts';
import type { Operation } from './operations.ts';

/** The parameters that an operation names, in the order kernel, bias, …. */
export function parametersOf(operation: Operation): readonly ParameterId[] {
  return factsOf(operation).parameters(operation);
}
