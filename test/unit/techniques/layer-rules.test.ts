import { describe, expect, it } from 'vitest';
import { type KernelChoice, selectKernels } from '../../../src/core/techniques/layer-rules.ts';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';
import { techniqueRow } from '../../../src/shared/techniques.ts';
import { residualNetwork } from './technique-fixtures.ts';

const network = residualNetwork();
const selected = (rules: readonly LayerRule[], options: KernelChoice = {}): Record<string, number> =>
  Object.fromEntries(
    selectKernels(network, { sparsity: 0.5 }, { row: techniqueRow('pruning'), options, rules }).map(({ layer, settings }) => [
      layer,
      settings.sparsity,
    ]),
  );

describe('layer rules', () => {
  it('leave depthwise kernels out unless they are included', () => {
    expect(selected([])).toEqual({ conv: 0.5, pointwise: 0.5, dense: 0.5 });
    expect(selected([], { includeDepthwise: true })).toEqual({ conv: 0.5, pointwise: 0.5, depthwise: 0.5, dense: 0.5 });
  });

  it('protect the first and the last kernel', () => {
    expect(selected([], { protectEnds: true })).toEqual({ pointwise: 0.5 });
  });

  it('include what they name, though it is depthwise or protected', () => {
    expect(
      selected(
        [
          { pattern: 'conv', sparsity: 0.2 },
          { pattern: 'depth*', sparsity: 0.6 },
        ],
        { protectEnds: true },
      ),
    ).toEqual({
      conv: 0.2,
      pointwise: 0.5,
      depthwise: 0.6,
    });
  });

  it('override earlier ones', () => {
    expect(
      selected([
        { pattern: '*', sparsity: 0.8 },
        { pattern: 'd*', exclude: ['pruning'] },
        { pattern: 'dens?', sparsity: 0.3 },
      ]),
    ).toEqual({ conv: 0.8, pointwise: 0.8, dense: 0.3 });
  });

  it('match whole names, and take characters of regular expressions as they are', () => {
    expect(selected([{ pattern: 'con*', exclude: ['pruning'] }])).toEqual({ pointwise: 0.5, dense: 0.5 });
    expect(() => selected([{ pattern: 'con', sparsity: 0.5 }])).toThrow('pattern "con" matches no layer');
    expect(() => selected([{ pattern: 'con.', sparsity: 0.5 }])).toThrow('pattern "con." matches no layer');
    expect(() => selected([{ pattern: '(', sparsity: 0.5 }])).toThrow('pattern "(" matches no layer');
  });

  it('that match nothing name the layers that there are', () => {
    expect(() => selected([{ pattern: 'block_*', sparsity: 0.5 }])).toThrow(/"conv", "pointwise", "depthwise", "dense"/);
  });
});
