/** A sparsity that a rule gives a layer holds in every structure, and the certificate compares with the recipe. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { certify } from '../../../src/core/measure/certify.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { expectationsOf } from '../../../src/core/tree/stages/make-product.ts';
import { apply } from '../../support/apply-technique.ts';
import { seededParameter } from '../train/training-fixtures.ts';
import { kernelData, techniqueContext, trainedModel, zerosAt } from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

/** Dense layers of 96, 96 and 32 weights. */
function network(): Network {
  const b = new NetworkBuilder('layers');
  const image = b.flatten('flatten', b.input([4, 4, 1]));
  const first = b.dense('a', image, { kernel: seededParameter([6, 16], 3) });
  const second = b.dense('b', b.activation('relu', first, 'relu'), { kernel: seededParameter([16, 6], 4) });
  return b.build([b.activation('softmax', b.dense('c', second, { kernel: seededParameter([2, 16], 5) }), 'softmax')]);
}

const training = { steps: 4, batchSize: 16, learningRate: 1e-6 };
const structures = ['unstructured', 'global', 'adaptive', 'automatic', { kind: 'blocks', size: [1, 2] }] as const;

describe.each(structures)('with the structure %j', (structure) => {
  const prune = (): Promise<OptimizedModel> =>
    apply('pruning', trainedModel(network()), techniqueContext(engine), { ...training, sparsity: 0.75, structure }, [
      { pattern: 'a', sparsity: 0.5 },
    ]);

  it('layer a of 96 weights loses half of them, as its rule says, though the others lose three quarters', async () => {
    const pruned = await prune();
    expect(zerosAt(kernelData(pruned.network, 'a/kernel'))).toHaveLength(48);
    const others = ['b/kernel', 'c/kernel'].reduce((sum, id) => sum + zerosAt(kernelData(pruned.network, id)).length, 0);
    expect(others).toBe(96);
  });

  it('the certificate of a file with fewer zeros than the recipe asks for fails, whatever the masks hold', async () => {
    const pruned = await prune();
    const bytes = writeTflite({ kind: 'float', network: pruned.network });
    expect(certify({ bytes, expectations: expectationsOf(pruned, false, false) }).passed).toBe(true);
    // Masks and weights that agree with each other, and not with the recipe.
    const parameters = new Map(pruned.network.parameters);
    for (const id of ['a/kernel', 'b/kernel', 'c/kernel']) {
      const { shape, data } = pruned.network.parameters.get(id)!;
      parameters.set(id, { shape, data: data.map((weight) => (weight === 0 ? 0.25 : weight)) });
    }
    const constraints = new Map(
      [...pruned.constraints].map(([id, list]) => [
        id,
        list.map((constraint) => (constraint.kind === 'sparsity' ? { ...constraint, mask: constraint.mask.map(() => 1) } : constraint)),
      ]),
    );
    const loose = { ...pruned, network: { ...pruned.network, parameters }, constraints };
    const verdict = certify({
      bytes: writeTflite({ kind: 'float', network: loose.network }),
      expectations: expectationsOf(loose, false, false),
    });
    expect(verdict.passed).toBe(false);
    expect(verdict.checks.filter(({ passed }) => !passed).map(({ layer }) => layer)).toContain('a');
  });
});
