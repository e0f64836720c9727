/** Whether every layer loses the same part, on networks where it does no harm and where it does. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import type { Network, Parameter } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { PruningOptions } from '../../../src/shared/recipe/pruning-options.ts';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';
import { apply } from '../../support/apply-technique.ts';
import { kernelData, techniqueContext, trainedModel, type TestContext, zerosAt } from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

/** +1 on the left half of a 4x4 image, -1 on the right. */
const leftMinusRight = Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 1 : -1));
const parameter = (shape: readonly number[], values: readonly number[]): Parameter => ({ shape, data: Float32Array.from(values) });

/** The brighter half, through two hidden units; `output` makes logits of them. */
function brighterHalf(output: readonly number[]): Network {
  const b = new NetworkBuilder('brighter half');
  const image = b.flatten('flatten', b.input([4, 4, 1]));
  const kernel = parameter([2, 16], [...leftMinusRight, ...leftMinusRight.map((value) => -value)]);
  const hidden = b.activation('relu', b.dense('hidden', image, { kernel }), 'relu');
  return b.build([b.activation('softmax', b.dense('output', hidden, { kernel: parameter([2, 2], output) }), 'softmax')]);
}

/** One dense kernel whose second row is all but zero. */
function halfOfItIdle(): Network {
  const b = new NetworkBuilder('half of it idle');
  const kernel = parameter([2, 16], [...leftMinusRight.map((value) => value / 1e3), ...leftMinusRight]);
  return b.build([b.dense('only', b.flatten('flatten', b.input([4, 4, 1])), { kernel })]);
}

async function zerosOf(
  network: Network,
  options: PruningOptions = {},
  rules: readonly LayerRule[] = [],
): Promise<{ zeros: Record<string, number>; context: TestContext }> {
  const context = techniqueContext(engine);
  const { network: pruned } = await apply(
    'pruning',
    trainedModel(network),
    context,
    {
      sparsity: 0.5,
      steps: 4,
      batchSize: 16,
      learningRate: 1e-6,
      ...options,
    },
    rules,
  );
  const kernels = [...pruned.parameters.keys()].filter((id) => id.endsWith('/kernel'));
  return { zeros: Object.fromEntries(kernels.map((id) => [id, zerosAt(kernelData(pruned, id)).length])), context };
}

describe('where nobody says how the zeros are shared out', () => {
  it('every layer loses the same part when the network bears it', async () => {
    const { zeros, context } = await zerosOf(halfOfItIdle());
    expect(zeros).toEqual({ 'only/kernel': 16 });
    expect(context.warnings).toEqual([]);
  });

  it('small layers are spared when pruning every layer alike breaks the network, and it says so', async () => {
    // Both weights that tell the classes apart when the left half is brighter are the smaller ones.
    const { zeros, context } = await zerosOf(brighterHalf([0.9, 1.1, 1, 1.05]));
    expect(zeros).toEqual({ 'hidden/kernel': 18, 'output/kernel': 0 });
    expect(context.warnings).toHaveLength(1);
    expect(context.warnings[0]).toMatch(/pruning 50.0% of every layer alike takes top-1 from 100.0% to \d+.\d% of 48 training examples/);
  });

  it('a structure that is asked for stands', async () => {
    const { zeros, context } = await zerosOf(brighterHalf([0.9, 1.1, 1, 1.05]), { structure: 'unstructured' });
    expect(zeros).toEqual({ 'hidden/kernel': 16, 'output/kernel': 2 });
    expect(context.warnings).toEqual([]);
  });

  it('a sparsity of its own that a layer is given stands', async () => {
    const { zeros } = await zerosOf(brighterHalf([0.9, 1.1, 1, 1.05]), {}, [{ pattern: 'output', sparsity: 0.75 }]);
    expect(zeros).toEqual({ 'hidden/kernel': 16, 'output/kernel': 3 });
  });
});
