import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { quantizeTrained } from '../../../src/core/techniques/quantization-aware-training.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { halves } from '../train/training-fixtures.ts';
import { apply, quantize } from '../../support/apply-technique.ts';
import { techniqueContext, trainedModel, type TestContext } from './technique-fixtures.ts';

let engine: Engine;
/** Pruned, clustered, and with all learned that there is to learn here. */
let both: OptimizedModel;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const options = { steps: 150, batchSize: 32, learningRate: 0.01, sparsity: 0.5, clusters: 8 } as const;
  const settled = await apply('fine-tuning', trainedModel(), context(), options);
  const pruned = await apply('pruning', settled, context(), { ...options, structure: 'unstructured' });
  both = await apply('sparsity-preserving-clustering', pruned, context(), options);
});

function context(): TestContext {
  const base = techniqueContext(engine);
  return { ...base, data: { ...base.data, train: halves(400), validation: halves(100, 9) } };
}

function file(quantized: ReturnType<typeof quantizeTrained>): Uint8Array {
  return writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' });
}

/** Steps that throw weights about. */
const ruinous = { steps: 6, batchSize: 16, learningRate: 2 } as const;

describe('training on the integer grid that does worse than quantization without it', () => {
  it.each([
    ['PCQAT', 'pcqat'],
    ['CQAT', 'cqat'],
  ] as const)('%s gives the bytes of quantization after training, and a warning says why', async (_, technique) => {
    const own = context();
    const aware = quantizeTrained(await apply(technique, both, own, ruinous));
    expect(file(aware)).toEqual(file(await quantize(both, context())));
    expect(own.warnings).toContainEqual(
      expect.stringMatching(/training on the integer grid takes the network from .*% to .*% on 100 validation examples/),
    );
  });

  it('keeps the curve of the training that was not taken', async () => {
    const kept = await apply('pcqat', both, context(), ruinous);
    const taken = await apply('pcqat', both, context(), { ...ruinous, restoreBest: false });
    expect(kept.curve).toEqual(taken.curve);
    expect(file(quantizeTrained(kept))).not.toEqual(file(quantizeTrained(taken)));
  });

  it('is not taken by plain QAT of a trained parent either: a control differs by what it inherits alone', async () => {
    const own = context();
    const plain = quantizeTrained(await apply('qat', both, own, ruinous));
    expect(own.warnings).toContainEqual(expect.stringMatching(/training on the integer grid takes the network from/));
    expect(file(plain)).toEqual(file(await quantize({ ...both, constraints: new Map() }, context())));
  });

  it('is taken by QAT of a model that no stage has trained', async () => {
    const own = context();
    await apply('qat', { ...both, constraints: new Map() }, own, ruinous);
    expect(own.warnings).toEqual([]);
  });
});

it('a training that does better is taken', async () => {
  const own = context();
  const options = { steps: 150, batchSize: 32, learningRate: 0.01 } as const;
  const untrained: OptimizedModel = { ...both, network: trainedModel().network, constraints: new Map() };
  const aware = await apply('pqat', untrained, own, options);
  expect(own.warnings).toEqual([]);
  expect(file(quantizeTrained(aware))).not.toEqual(file(await quantize(untrained, context())));
});
