import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { evaluateNetwork } from '../../../src/core/measure/evaluate-network.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { halves } from '../train/training-fixtures.ts';
import { apply } from '../../support/apply-technique.ts';
import { kernelData, techniqueContext, trainedModel, type TestContext, zerosAt } from './technique-fixtures.ts';

let engine: Engine;
/** A network that has learned what there is to learn here. */
let settled: OptimizedModel;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const { network } = await apply('fine-tuning', trainedModel(), context(), { steps: 150, batchSize: 32, learningRate: 0.01 });
  settled = trainedModel(network);
});

function context(): TestContext {
  const base = techniqueContext(engine);
  return { ...base, data: { ...base.data, train: halves(400), validation: halves(100, 9) } };
}

async function top1(model: OptimizedModel): Promise<number> {
  return (await evaluateNetwork({ engine, network: model.network, data: context().data.validation })).top1 ?? 0;
}

/** Steps that throw weights about. */
const ruinous = { steps: 6, batchSize: 16, learningRate: 3, sparsity: 0.5, clusters: 8 } as const;
const structure = 'unstructured';

describe('a training that makes a fitted network worse', () => {
  it('is not taken, and a warning says what it did', async () => {
    const own = context();
    const pruned = await apply('pruning', settled, own, { ...ruinous, structure });
    const trained = await apply('pruning', settled, context(), { ...ruinous, structure, restoreBest: false });
    expect(await top1(pruned)).toBeGreaterThan(await top1(trained));
    expect(own.warnings).toContainEqual(
      expect.stringMatching(/training takes the fitted weights from .*% to .*% on 100 validation examples/),
    );
    expect(zerosAt(kernelData(pruned.network, 'dense/kernel'))).toHaveLength(96);
    expect(pruned.curve).toHaveLength(trained.curve?.length ?? 0);
  });

  it('leaves clustered kernels on the values that were fitted', async () => {
    const own = context();
    const clustered = await apply('clustering', settled, own, ruinous);
    expect(own.warnings).toHaveLength(1);
    for (const id of ['conv/kernel', 'pointwise/kernel', 'dense/kernel'])
      expect(new Set(kernelData(clustered.network, id)).size).toBeLessThanOrEqual(8);
    const trained = await apply('clustering', settled, context(), { ...ruinous, restoreBest: false });
    expect(await top1(clustered)).toBeGreaterThan(await top1(trained));
  });
});

describe('a training that makes a fitted network better', () => {
  it('is taken', async () => {
    const own = context();
    const options = { steps: 150, batchSize: 32, learningRate: 0.01, clusters: 8 } as const;
    const clustered = await apply('clustering', trainedModel(), own, options);
    const trained = await apply('clustering', trainedModel(), context(), { ...options, restoreBest: false });
    expect(kernelData(clustered.network, 'dense/kernel')).toEqual(kernelData(trained.network, 'dense/kernel'));
    expect(own.warnings).toEqual([]);
    expect(await top1(clustered)).toBeGreaterThan(0.6);
  });
});
