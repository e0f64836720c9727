/** Averaged weights through every technique that trains: what the constraints promise holds in the integers of the file. */
import { beforeAll, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { quantizeTrained } from '../../../src/core/techniques/quantization-aware-training.ts';
import { reestimateBatchNorms } from '../../../src/core/techniques/reestimate-batch-norms.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { parseRecipe } from '../../../src/core/tree/recipe/parse-recipe.ts';
import { apply } from '../../support/apply-technique.ts';
import {
  briefly,
  integersOf,
  kernelData,
  kernelIds,
  techniqueContext,
  trainedModel,
  valuesPerChannel,
  zerosAt,
} from './technique-fixtures.ts';

const averaging = { decay: 0.8, begin: 0.25 } as const;
const averaged = { ...briefly, averaging } as const;
let engine: Engine;
let prunedClustered: OptimizedModel;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const context = techniqueContext(engine);
  const pruned = await apply('pruning', trainedModel(), context, { ...averaged, includeDepthwise: true, sparsity: 0.5 });
  prunedClustered = await apply('sparsity-preserving-clustering', pruned, context, { ...averaged, includeDepthwise: true, clusters: 4 });
});

it('PCQAT of a pruned and clustered model keeps its zeros and values', async () => {
  const quantized = quantizeTrained(await apply('pcqat', prunedClustered, techniqueContext(engine), averaged));
  for (const id of kernelIds) {
    const own = kernelData(prunedClustered.network, id);
    expect(zerosAt(own).length).toBeGreaterThanOrEqual(own.length / 2);
    expect(new Set(own).size).toBeLessThanOrEqual(4);
    const integers = integersOf(quantized, id);
    const { shape } = prunedClustered.network.parameters.get(id) ?? { shape: [] };
    expect(valuesPerChannel(integers, shape, id === 'depthwise/kernel' ? 3 : 0)).toBeLessThanOrEqual(4);
    const zeros = new Set(zerosAt(integers));
    for (const i of zerosAt(own)) expect(zeros.has(i)).toBe(true);
  }
});

it('batch-norm statistics are those of the averages', async () => {
  const context = techniqueContext(engine);
  const { network } = await apply('fine-tuning', trainedModel(), context, averaged);
  expect([...(await reestimateBatchNorms(network, context)).parameters]).toEqual([...network.parameters]);
});

it('the averages of the default are over the second half', async () => {
  const train = async (options: object): Promise<readonly number[]> =>
    Array.from(
      kernelData(
        (await apply('fine-tuning', trainedModel(), techniqueContext(engine), { ...briefly, ...options })).network,
        'dense/kernel',
      ),
    );
  const plain = await train({});
  expect(await train({ averaging: false })).toEqual(plain);
  const half = await train({ averaging: true });
  expect(half).not.toEqual(plain);
  expect(half).toEqual(await train({ averaging: { decay: 0.99, begin: 0.5 } }));
  // The last step alone.
  expect(await train({ averaging: { begin: 0.99 } })).toEqual(plain);
});

it.each([
  [{ decay: 1 }, 'decay'],
  [{ begin: 1 }, 'begin'],
  [{ decya: 0.9 }, 'decya'],
  ['yes', 'averaging'],
])('a recipe with %j is refused at its place', (value, field) => {
  const text = JSON.stringify({ model: 'x.h5', data: 'd.json', training: { averaging: value } });
  expect(parseRecipe(text).diagnostics.map(({ path }) => path.at(-1))).toEqual([field]);
});
