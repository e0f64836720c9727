import { describe, expect, it } from 'vitest';
import { parseSteps } from '../../../src/cli/parse-steps.ts';

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
    ['prune=0', 'pruned', { pruning: { sparsity: 0 } }],
  ])('%s leads to %s', (steps, node, techniques) => {
    expect(parseSteps(steps)).toEqual({ node, techniques });
  });

  it.each([
    ['prune=1', '"prune=1" does not name a sparsity from 0 to below 1'],
    ['prune', '"prune=" does not name a sparsity'],
    ['cluster=1', '"cluster=1" does not name a whole number of clusters, at least 2'],
    ['quantize=int4', '"quantize=int4" is neither ptq nor qat'],
    ['cluster=8,prune=0.5', 'the steps are pruning, then clustering, then quantization, each at most once'],
    ['shrink=2', 'there is no step "shrink"'],
  ])('%s is refused', (steps, message) => {
    expect(() => parseSteps(steps)).toThrow(message);
  });
});
