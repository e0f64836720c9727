/**
 * The table of operations: one row each, in the file of its family. A new operation is a type in `operations.ts`, a row
 * here, one in the table of lowerings (`core/lowering/lower-operation.ts`), one in that of TFLite's writers
 * (`core/tflite/write/write-operation.ts`) and its Keras layer or a refusal (`core/export/keras-layers.ts`). The compiler
 * names each of them that is missing.
 */
import type { Network, Shape, ValueId } from '../network.ts';
import type { Operation, OperationKind, OperationOf } from '../operations.ts';
import { combinationKinds } from './combinations.ts';
import { elementWiseKinds } from './element-wise.ts';
import { kernelKinds } from './kernels.ts';
import { movementKinds } from './movements.ts';
import type { OperationFacts, OperationShapes } from './operation-facts.ts';

const rows: { readonly [K in OperationKind]: OperationFacts<OperationOf<K>> } = {
  ...kernelKinds,
  ...elementWiseKinds,
  ...movementKinds,
  ...combinationKinds,
};

export function factsOf(operation: Operation): OperationFacts<Operation> {
  const facts: Readonly<Record<OperationKind, OperationFacts<Operation>>> = rows;
  return facts[operation.kind];
}

export function shapesAround(operation: Operation, network: Network): OperationShapes {
  const shapeOf = (id: ValueId): Shape => network.values.get(id)?.shape ?? [];
  return {
    inputs: operation.inputs.map(shapeOf),
    output: shapeOf(operation.output),
    parameter: (id) => network.parameters.get(id) ?? { shape: [], data: new Float32Array(0) },
  };
}
