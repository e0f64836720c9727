import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import type { Network } from '../../../src/core/network/network.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { halves } from '../train/training-fixtures.ts';
import { apply } from '../../support/apply-technique.ts';
import { kernelData, residualNetwork, techniqueContext, trainedModel, type TestContext } from './technique-fixtures.ts';

let engine: Engine;
let learned: OptimizedModel;
/** Learned with statistics that are not those of the values it normalizes, as if from other data. */
let elsewhere: OptimizedModel;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const training = { steps: 150, batchSize: 32, learningRate: 0.01 } as const;
  learned = trainedModel((await apply('fine-tuning', trainedModel(), context(), training)).network);
  const start = shifted(residualNetwork(), -4);
  elsewhere = trainedModel((await apply('fine-tuning', start, context(), { ...training, batchNorm: 'frozen' })).network);
});

function context(): TestContext {
  const base = techniqueContext(engine);
  return { ...base, data: { ...base.data, train: halves(400), validation: halves(100, 9) } };
}

/** A model whose statistics are not those of its own values. */
function shifted(network: Network, factor: number): OptimizedModel {
  const parameters = new Map(network.parameters);
  for (const id of statistics(network)) {
    const parameter = parameters.get(id);
    if (parameter !== undefined)
      parameters.set(id, {
        ...parameter,
        data: parameter.data.map((value) => value * (id.endsWith('variance') ? Math.abs(factor) : factor)),
      });
  }
  return trainedModel({ ...network, parameters });
}

function statistics(network: Network): readonly string[] {
  return network.operations.flatMap((operation) => (operation.kind === 'batchNorm' ? [operation.mean, operation.variance] : []));
}

function statisticsOf(model: OptimizedModel): readonly (readonly number[])[] {
  return statistics(model.network).map((id) => Array.from(kernelData(model.network, id)));
}

const briefly = { steps: 4, batchSize: 32, learningRate: 1e-4, clusters: 8 } as const;

describe('statistics of the data at hand', () => {
  it('are taken where they are those of the model, or better', async () => {
    for (const model of [learned, shifted(learned.network, 3)]) {
      const own = context();
      const tuned = await apply('fine-tuning', model, own, briefly);
      expect(statisticsOf(tuned)).not.toEqual(statisticsOf(model));
      expect(own.warnings).toEqual([]);
    }
  });

  it('are not taken where they make the model much worse, and a warning says so', async () => {
    const own = context();
    for (const technique of ['fine-tuning', 'clustering'] as const) {
      const tuned = await apply(technique, elsewhere, own, briefly);
      expect(statisticsOf(tuned)).toEqual(statisticsOf(elsewhere));
    }
    expect(own.warnings).toContainEqual(
      expect.stringMatching(/batch-norm statistics of these data take the network from .*% to .*% on \d+ training examples/),
    );
  });

  it('are taken all the same where the recipe says so', async () => {
    const own = context();
    const tuned = await apply('fine-tuning', elsewhere, own, { ...briefly, batchNorm: 'training' });
    expect(statisticsOf(tuned)).not.toEqual(statisticsOf(elsewhere));
    expect(own.warnings).toEqual([]);
  });
});
