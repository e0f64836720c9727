import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { parseRecipe } from '../../../src/core/tree/recipe/parse-recipe.ts';
import { apply } from '../../support/apply-technique.ts';
import { kernelData, techniqueContext, trainedModel } from './technique-fixtures.ts';

it.each(['fine-tuning', 'qat'] as const)('%s trains with the rate that a test has found, and reports it', async (technique) => {
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const phases: string[] = [];
  const context = { ...techniqueContext(engine), onProgress: (phase: string) => void phases.push(phase) };
  const options = { steps: 4, batchSize: 16 } as const;
  const tested = await apply(technique, trainedModel(), context, { ...options, learningRate: 'range-test' });
  const rate = tested.rangeTest?.learningRate ?? NaN;
  expect(phases).toContain('finding-rate');
  const given = await apply(technique, trainedModel(), context, { ...options, learningRate: rate });
  expect(kernelData(tested.network, 'dense/kernel')).toEqual(kernelData(given.network, 'dense/kernel'));
  expect(given.rangeTest).toBeUndefined();
});

it.each([
  [0, /0 is out of range/],
  ['range', /"range" is not one of "range-test"|expected/],
  [true, /expected/],
])('a recipe with a learning rate of %j is refused', (learningRate, message) => {
  const [found] = parseRecipe(JSON.stringify({ model: 'x.h5', data: 'd.json', training: { learningRate } })).diagnostics;
  expect(found).toMatchObject({ path: ['training', 'learningRate'], message: expect.stringMatching(message) });
});
