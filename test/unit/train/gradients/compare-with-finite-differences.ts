import type { Network, ValueId } from '../../../../src/core/network/network.ts';
import { randomData } from '../../fixtures/random-data.ts';
import { batchSize, compare, engines, numericGradient, symbolicGradient } from './gradient-fixtures.ts';

/** The gradients of the mean squared error with respect to every parameter, on every engine. */
export async function compareWithFiniteDifferences(tested: Network): Promise<void> {
  const size = tested.values.get(tested.outputs[0]!)!.shape.reduce((product, n) => product * n, 1);
  const inputs = randomData(batchSize * elementsOf(tested, tested.inputs[0]!), 8);
  const targets = randomData(batchSize * size, 9);
  const expected = numericGradient(
    tested,
    (outputs) => outputs.reduce((sum, y, i) => sum + (y - targets[i]!) ** 2, 0) / outputs.length,
    inputs,
  );
  for (const engine of engines) {
    const found = await symbolicGradient(
      engine,
      tested,
      { kind: 'meanSquaredError' },
      { kind: 'regression', size },
      { inputs, targets, labels: new Int32Array(0) },
    );
    compare(found, expected, 2e-4, engine.name);
  }
}

function elementsOf(of: Network, id: ValueId): number {
  return of.values.get(id)!.shape.reduce((product, n) => product * n, 1);
}
