import { describe, expect, it } from 'vitest';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';
import { levelsOf } from '../../../src/core/tree/recommendation.ts';
import { selectNodes } from '../../../src/core/tree/select-nodes.ts';
import { flattenTree } from '../../../src/shared/tree.ts';

const ids = (tree: ReturnType<typeof planTree>): readonly string[] => flattenTree(tree.root).map(({ node }) => node.id);

describe('the deployment tree', () => {
  it("has the guide's ten nodes and the two direct quantizations", () => {
    expect(ids(planTree())).toEqual([
      'baseline',
      'pruned',
      'pruned/ptq',
      'pruned/pqat',
      'pruned/clustered',
      'pruned/clustered/ptq',
      'pruned/clustered/pcqat',
      'clustered',
      'clustered/ptq',
      'clustered/cqat',
      'ptq',
      'qat',
    ]);
  });

  it('marks what is trained, what preserves, and what can be shipped as the guide does', () => {
    const nodes = flattenTree(planTree().root).map(({ node }) => node);
    const marked = (key: 'fineTuned' | 'collaborative' | 'leaf'): readonly string[] =>
      nodes.filter((node) => node[key]).map(({ id }) => id);
    expect(marked('fineTuned')).toEqual([
      'pruned',
      'pruned/pqat',
      'pruned/clustered',
      'pruned/clustered/pcqat',
      'clustered',
      'clustered/cqat',
      'qat',
    ]);
    expect(marked('collaborative')).toEqual(['pruned/pqat', 'pruned/clustered', 'pruned/clustered/pcqat', 'clustered/cqat']);
    expect(marked('leaf')).toEqual([
      'pruned/ptq',
      'pruned/pqat',
      'pruned/clustered/ptq',
      'pruned/clustered/pcqat',
      'clustered/ptq',
      'clustered/cqat',
      'ptq',
      'qat',
    ]);
  });

  it('grows a branch for each variant, with ids of their own', () => {
    const tree = planTree({
      pruning: [{ sparsity: 0.5 }, { name: '80', sparsity: 0.8 }],
      clustering: false,
      sparsityPreservingClustering: false,
      qat: false,
    });
    expect(ids(tree)).toEqual(['baseline', 'pruned', 'pruned/ptq', 'pruned/pqat', 'pruned-80', 'pruned-80/ptq', 'pruned-80/pqat', 'ptq']);
    expect(tree.stages.get('pruned-80')).toEqual({ technique: 'pruning', options: { sparsity: 0.8 } });
  });

  it('refuses two variants of one name', () => {
    expect(() => planTree({ pruning: [{ sparsity: 0.5 }, { sparsity: 0.8 }] })).toThrow(
      'techniques.pruning: two variants have no name; give each variant after the first a "name" of its own',
    );
  });

  it('adds the controls on request, and only then', () => {
    const added = ids(planTree({}, { controls: true })).filter((id) => !ids(planTree()).includes(id));
    expect(added).toEqual([
      'pruned/plain-qat',
      'pruned/clustered/plain-qat',
      'pruned/plain-clustered',
      'pruned/plain-clustered/ptq',
      'clustered/plain-qat',
      'fine-tuned',
      'fine-tuned/ptq',
    ]);
  });

  it("puts the recipe's training under every technique that trains", () => {
    const { stages } = planTree({ pqat: { epochs: 5 } }, { training: { epochs: 2, batchSize: 32 } });
    expect(stages.get('pruned')).toEqual({ technique: 'pruning', options: { epochs: 2, batchSize: 32 } });
    expect(stages.get('pruned/pqat')).toEqual({ technique: 'pqat', options: { epochs: 5, batchSize: 32 } });
    expect(stages.get('ptq')).toEqual({ technique: 'ptq', options: {} });
  });

  it('can be cut down to named nodes and what they come from', () => {
    const tree = selectNodes(planTree().root, ['pruned/clustered/pcqat', 'ptq']);
    expect(flattenTree(tree).map(({ node }) => node.id)).toEqual([
      'baseline',
      'pruned',
      'pruned/clustered',
      'pruned/clustered/pcqat',
      'ptq',
    ]);
  });

  it.each([
    ['recipe', 'invalid-recipe'],
    ['request', 'invalid-argument'],
  ] as const)('knows all of its nodes: another name is a mistake of the %s', (namedBy, code) => {
    expect(() => selectNodes(planTree().root, ['ptq', 'pruned/cqat'], namedBy)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringContaining('nodes: there is no node "pruned/cqat"; did you mean "pruned/pqat"? use any of baseline, pruned'),
      }),
    );
  });

  it('is walked level by level towards targets: a level ends with what can be shipped', () => {
    expect(levelsOf(planTree().root, true).map((level) => level.map(({ node }) => node.id))).toEqual([
      ['baseline', 'ptq', 'qat'],
      ['pruned', 'pruned/ptq', 'pruned/pqat', 'clustered', 'clustered/ptq', 'clustered/cqat'],
      ['pruned/clustered', 'pruned/clustered/ptq', 'pruned/clustered/pcqat'],
    ]);
  });
});
