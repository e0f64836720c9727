/** Shape inference for one operation, with messages that name the layer. */
import { ShapeChecks, type ShapeContext } from '../kinds/operation-facts.ts';
import { factsOf } from '../kinds/operation-table.ts';
import type { Shape } from '../network.ts';
import type { Operation } from '../operations.ts';

/** Throws an `invalid-model` error when inputs or parameters do not fit the operation. */
export function inferOutputShape(operation: Operation, context: ShapeContext): Shape {
  const facts = factsOf(operation);
  const checks = new ShapeChecks(operation.layer, context);
  const { length } = context.inputs;
  if (facts.inputs === 'some' ? length === 0 : length !== facts.inputs)
    checks.fail(length === 0 ? 'has no input' : `takes ${facts.inputs} input(s), got ${length}`);
  return facts.shape(operation, checks);
}
