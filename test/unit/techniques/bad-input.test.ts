import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { filled, seededParameter } from '../train/training-fixtures.ts';
import { apply } from '../../support/apply-technique.ts';
import { briefly, kernelData, techniqueContext, trainedModel, zerosAt } from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

/** `odd` has one value; `dense` is ordinary. */
function uniformModel(value: number): OptimizedModel {
  const b = new NetworkBuilder('uniform');
  const x = b.conv2d('odd', b.input([4, 4, 1]), { kernel: filled([3, 3, 3, 1], value), padding: 'same' });
  return trainedModel(
    b.build([b.activation('softmax', b.dense('dense', b.flatten('flatten', x), { kernel: seededParameter([2, 48], 2) }), 'softmax')]),
  );
}

describe('pruning refuses', () => {
  it.each([[1], [-0.1], [Number.NaN], [1.5]])('sparsity %f', async (sparsity) => {
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), { sparsity })).rejects.toThrow(/outside \[0, 1\)/);
  });

  it('a sparsity of one layer outside [0, 1), by its name', async () => {
    const rules = [{ pattern: 'point*', sparsity: 1 }];
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), {}, rules)).rejects.toThrow(
      /layer "pointwise".*outside \[0, 1\)/,
    );
  });

  it('a kernel of zeros, by its name', async () => {
    await expect(apply('pruning', uniformModel(0), techniqueContext(engine), {})).rejects.toThrow(/layer "odd".*all zeros/);
  });

  it('a pattern that matches nothing, and having nothing to prune', async () => {
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), {}, [{ pattern: 'fc*', sparsity: 0.5 }])).rejects.toThrow(
      /"fc\*" matches no layer/,
    );
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), {}, [{ pattern: '*', exclude: ['pruning'] }])).rejects.toThrow(
      /no layer is left to prune/,
    );
  });

  it.each([
    [4, 4],
    [0, 4],
    [1.5, 4],
  ])('%f zeros in each %f', async (zeros, group) => {
    await expect(
      apply('pruning', trainedModel(), techniqueContext(engine), { structure: { kind: 'groups', zeros, group } }),
    ).rejects.toThrow(/is not a pattern; give whole numbers with fewer zeros than weights/);
  });

  it.each<readonly [number, number]>([
    [0, 4],
    [1, 2.5],
  ])('blocks of %f x %f', async (...size) => {
    await expect(
      apply('pruning', trainedModel(), techniqueContext(engine), { structure: { kind: 'blocks', size, pooling: 'average' } }),
    ).rejects.toThrow(/are not whole numbers above 0; give rows and columns/);
  });

  it('a schedule that ends before it begins, or has no steps', async () => {
    const schedule = { kind: 'constant', begin: 10, end: 5, frequency: 1 } as const;
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), { schedule })).rejects.toThrow(
      /end 5 is not a step at or after begin 10/,
    );
    await expect(
      apply('pruning', trainedModel(), techniqueContext(engine), { schedule: { ...schedule, end: 20, frequency: 0 } }),
    ).rejects.toThrow(/frequency 0/);
  });
});

describe('pruning warns', () => {
  it('when the schedule never fires, and prunes all the same', async () => {
    const context = techniqueContext(engine);
    const { network } = await apply('pruning', trainedModel(), context, {
      ...briefly,
      schedule: { kind: 'constant', begin: 0, frequency: 100 },
    });
    expect(context.warnings).toEqual([expect.stringMatching(/never fires: .*every 100 steps, and training has 12/)]);
    expect(kernelData(network, 'pointwise/kernel').filter((weight) => weight === 0)).toHaveLength(18);
  });
});

describe('pruning in groups', () => {
  it('warns of the layer with too few input channels for a group to lose any', async () => {
    const context = techniqueContext(engine);
    const pruned = await apply('pruning', trainedModel(), context, { ...briefly, structure: { kind: 'groups', zeros: 2, group: 4 } });
    expect(context.warnings).toEqual([
      expect.stringMatching(/^layer "conv": .*it has 1, so none of its weights is removed; exclude the layer/),
    ]);
    expect(zerosAt(kernelData(pruned.network, 'conv/kernel'))).toEqual([]);
    expect(zerosAt(kernelData(pruned.network, 'dense/kernel'))).toHaveLength(96);
  });
});

describe('clustering refuses', () => {
  it.each([[1], [0], [2.5]])('%f clusters, by the name of the layer', async (clusters) => {
    await expect(apply('clustering', trainedModel(), techniqueContext(engine), { clusters })).rejects.toThrow(/layer "conv".*too few/);
  });

  it('2 clusters where zero is one of them', async () => {
    const model: OptimizedModel = {
      ...trainedModel(),
      constraints: new Map([['pointwise/kernel', [{ kind: 'sparsity', mask: new Uint8Array(36) }]]]),
    };
    await expect(apply('sparsity-preserving-clustering', model, techniqueContext(engine), { clusters: 2 })).rejects.toThrow(
      /layer "pointwise".*at least 3/,
    );
    await expect(apply('clustering', trainedModel(), techniqueContext(engine), { clusters: 2, integerGrid: true })).rejects.toThrow(
      /at least 3/,
    );
  });
});

describe('clustering leaves alone, with a warning,', () => {
  it.each([[0], [2]])('a kernel whose weights are all %f', async (value) => {
    const context = techniqueContext(engine);
    const { constraints } = await apply('clustering', uniformModel(value), context, { ...briefly, clusters: 4 });
    expect(context.warnings).toEqual([expect.stringContaining(`layer "odd": all weights are ${value}`)]);
    expect([...constraints.keys()]).toEqual(['dense/kernel']);
  });

  it('a kernel with fewer values than clusters, and says when no palette holds them', async () => {
    const context = techniqueContext(engine);
    const { constraints } = await apply('clustering', trainedModel(), context, { ...briefly, clusters: 40 });
    expect(constraints.has('pointwise/kernel')).toBe(false);
    expect(context.warnings).toContainEqual(
      expect.stringContaining('layer "pointwise": the kernel has 36 different values, fewer than 40 clusters'),
    );
    expect(context.warnings).toContainEqual(expect.stringContaining('layer "dense": 40 clusters are more than the 32 values'));
  });
});
