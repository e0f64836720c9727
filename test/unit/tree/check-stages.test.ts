import { describe, expect, it } from 'vitest';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';
import type { TechniqueOptions } from '../../../src/shared/recipe/technique-options.ts';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';
import { checkStages } from '../../../src/core/tree/stages/check-stages.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { seededParameter } from '../train/training-fixtures.ts';
import { residualNetwork } from '../techniques/technique-fixtures.ts';

const check = (techniques: TechniqueOptions, rules: readonly LayerRule[] = []): void =>
  checkStages(planTree(techniques), residualNetwork(), rules);

describe('stages checked before anything is trained', () => {
  it('pass with defaults, and with 2 clusters where nothing pins zero', () => {
    expect(() => check({})).not.toThrow();
    expect(() =>
      check({ pruning: { sparsity: 0 }, sparsityPreservingClustering: { clusters: 2 }, clustering: { clusters: 2 } }),
    ).not.toThrow();
  });

  it.each<readonly [string, TechniqueOptions, readonly LayerRule[], RegExp]>([
    [
      'a pattern without a layer',
      {},
      [{ pattern: 'fc*', sparsity: 0.5 }],
      /node "pruned": pattern "fc\*" matches no layer.*"conv", "pointwise"/,
    ],
    ['a sparsity of 1', { pruning: { sparsity: 1 } }, [], /node "pruned": layer "conv": sparsity 1 is outside \[0, 1\)/],
    ['a rule of 1 cluster', {}, [{ pattern: 'dense', clusters: 1 }], /node "pruned\/clustered": layer "dense": 1 clusters are too few/],
    [
      '2 clusters with a pinned zero',
      { sparsityPreservingClustering: { clusters: 2 } },
      [],
      /node "pruned\/clustered": layer "conv": 2 clusters are too few; give a whole number of at least 3/,
    ],
    [
      '2 clusters on the integer grid',
      { clustering: { clusters: 2, integerGrid: true } },
      [],
      /node "clustered": layer "conv": 2 clusters/,
    ],
    ['a polynomial without an end', { pruning: { schedule: { kind: 'polynomial' } } }, [], /a polynomial schedule has no end/],
    [
      '4 zeros in each 4',
      { pruning: { structure: { kind: 'groups', zeros: 4, group: 4 } } },
      [],
      /4 zeros in each 4 weights is not a pattern/,
    ],
    [
      '4 bits of all where rules leave none',
      { ptq4: {} },
      [{ pattern: '*', bits: 8 }],
      /node "pruned\/ptq4": no kernel is left for 4 bits/,
    ],
    ['filters of nothing', { pruning: { structure: 'filters', sparsity: 0 } }, [], /node "pruned": no filter can be removed/],
  ])('refuse %s, by node and layer', (_, techniques, rules, message) => {
    expect(() => check(techniques, rules)).toThrow(message);
  });

  it('refuse 4 bits of all where no operator takes them', () => {
    const builder = new NetworkBuilder('up');
    const network = builder.build([builder.transposeConv2d('up', builder.input([2, 2, 1]), { kernel: seededParameter([1, 2, 2, 1], 3) })]);
    const tree = planTree({ ptq4: {}, pruning: false, clustering: false });
    expect(() => checkStages(tree, network, [])).toThrow('no kernel is left for 4 bits; convolutions and dense layers take them');
  });
});
