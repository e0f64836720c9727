import { describe, expect, it } from 'vitest';
import { registerOptimize } from '../../../src/cli/commands/optimize.ts';
import { parseSteps } from '../../../src/cli/parse-steps.ts';
import { applySettings } from '../../../src/cli/step-settings.ts';
import { runCli } from '../../support/run-cli.ts';

describe('--steps', () => {
  it.each([
    [
      'prune=0.5,cluster=16,quantize=qat',
      'pruned/clustered/pcqat',
      { pruning: { sparsity: 0.5 }, sparsityPreservingClustering: { clusters: 16 } },
    ],
    ['prune=0.5, quantize=qat', 'pruned/pqat', { pruning: { sparsity: 0.5 } }],
    ['cluster=8,quantize=qat', 'clustered/cqat', { clustering: { clusters: 8 } }],
    ['cluster=8,quantize=ptq', 'clustered/ptq', { clustering: { clusters: 8 } }],
    ['quantize=qat', 'qat', {}],
    ['prune=0.5,quantize=ptq4', 'pruned/ptq4', { pruning: { sparsity: 0.5 }, ptq4: {} }],
    ['prune=0', 'pruned', { pruning: { sparsity: 0 } }],
  ])('%s leads to %s', (steps, node, techniques) => {
    expect(parseSteps(steps)).toMatchObject({ node, techniques });
  });

  it('names every quantization in its help, and --set no default', async () => {
    const { out } = await runCli([registerOptimize], ['optimize', '--help']);
    expect(out).toContain('quantize=ptq|ptq4|qat');
    expect(out).not.toContain('[]');
  });

  it.each([
    ['prune=1', '"prune=1" does not name a sparsity from 0 to below 1'],
    ['prune', '"prune" does not name a sparsity'],
    ['cluster=1', '"cluster=1" does not name a whole number of clusters, at least 2'],
    ['quantize=int4', '"quantize=int4" is none of ptq, ptq4, qat'],
    ['cluster=8,prune=0.5', 'the steps are pruning, then clustering, then quantization, each at most once'],
    ['shrink=2', 'there is no step "shrink"'],
  ])('%s is refused', (steps, message) => {
    expect(() => parseSteps(steps)).toThrow(message);
  });
});

describe('--set', () => {
  it('adds options to the techniques of the steps, JSON where it is JSON', () => {
    const settings = [
      'prune.structure={"kind":"groups","zeros":2,"group":4}',
      'cluster.weighting=fisher',
      'quantize.weightScales=learned',
      'training.distillation=true',
      'layers=[{"pattern":"conv1","exclude":["pruning"]}]',
    ];
    expect(applySettings(parseSteps('prune=0.5,cluster=16,quantize=qat'), settings)).toEqual({
      techniques: {
        pruning: { sparsity: 0.5, structure: { kind: 'groups', zeros: 2, group: 4 } },
        sparsityPreservingClustering: { clusters: 16, weighting: 'fisher' },
        pcqat: { weightScales: 'learned' },
      },
      training: { distillation: true },
      layers: [{ pattern: 'conv1', exclude: ['pruning'] }],
    });
  });

  it.each([
    ['prune.structure', '"prune.structure" sets nothing'],
    ['shrink.by=2', '"shrink.by" is no option of a step; the steps are prune, cluster, quantize, training'],
    ['cluster.weighting=fisher', '"cluster" is set but is not among the steps'],
  ])('%s is refused', (setting, message) => {
    expect(() => applySettings(parseSteps('prune=0.5'), [setting])).toThrow(message);
  });
});
