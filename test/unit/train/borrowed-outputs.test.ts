import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';

it('outputs of a run are kept, borrowed ones are those of later runs', async () => {
  const builder = new NetworkBuilder('relu');
  const network = builder.build([builder.activation('relu', builder.input([2]), 'relu')]);
  const inference = await compileInference(await createEngine({ threads: 1 }), network, 1);
  const inputs = (value: number): readonly Float32Array[] => [Float32Array.of(value, -value)];
  const kept = await inference.run(inputs(1), 1);
  const borrowed = await inference.borrow(inputs(2), 1);
  expect(borrowed.map((values) => [...values])).toEqual([[2, 0]]);
  await inference.run(inputs(3), 1);
  await inference.run(inputs(4), 1);
  expect(kept.map((values) => [...values])).toEqual([[1, 0]]);
  expect(borrowed.map((values) => [...values])).toEqual([[4, 0]]);
  await inference.dispose();
});
