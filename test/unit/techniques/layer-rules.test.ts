import { describe, expect, it } from 'vitest';
import { type LayerRules, selectKernels } from '../../../src/core/techniques/layer-rules.ts';
import { residualNetwork } from './technique-fixtures.ts';

interface Settings {
  readonly sparsity: number;
}
const network = residualNetwork();
const selected = (rules: LayerRules<Settings>): Record<string, number> =>
  Object.fromEntries(selectKernels(network, { sparsity: 0.5 }, rules).map(({ layer, settings }) => [layer, settings.sparsity]));

describe('layer rules', () => {
  it('leave depthwise kernels out unless they are included', () => {
    expect(selected({})).toEqual({ conv: 0.5, pointwise: 0.5, dense: 0.5 });
    expect(selected({ includeDepthwise: true })).toEqual({ conv: 0.5, pointwise: 0.5, depthwise: 0.5, dense: 0.5 });
  });

  it('protect the first and the last kernel', () => {
    expect(selected({ protectFirst: true, protectLast: true })).toEqual({ pointwise: 0.5 });
  });

  it('include what they name, though it is depthwise or protected', () => {
    expect(selected({ protectFirst: true, rules: [{ layers: 'conv', settings: { sparsity: 0.2 } }, { layers: 'depth*' }] })).toEqual({
      conv: 0.2,
      pointwise: 0.5,
      depthwise: 0.5,
      dense: 0.5,
    });
  });

  it('override earlier ones', () => {
    expect(
      selected({
        rules: [
          { layers: '*', settings: { sparsity: 0.8 } },
          { layers: 'd*', exclude: true },
          { layers: 'dens?', settings: { sparsity: 0.3 } },
        ],
      }),
    ).toEqual({ conv: 0.8, pointwise: 0.8, dense: 0.3 });
  });

  it('match whole names, and take characters of regular expressions as they are', () => {
    expect(selected({ rules: [{ layers: 'con*', exclude: true }] })).toEqual({ pointwise: 0.5, dense: 0.5 });
    expect(() => selected({ rules: [{ layers: 'con' }] })).toThrow('pattern "con" matches no layer');
    expect(() => selected({ rules: [{ layers: 'con.' }] })).toThrow('pattern "con." matches no layer');
    expect(() => selected({ rules: [{ layers: '(' }] })).toThrow('pattern "(" matches no layer');
  });

  it('that match nothing name the layers that there are', () => {
    expect(() => selected({ rules: [{ layers: 'block_*' }] })).toThrow(/"conv", "pointwise", "depthwise", "dense"/);
  });
});
