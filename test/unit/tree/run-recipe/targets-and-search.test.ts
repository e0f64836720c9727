import { describe, expect, it } from 'vitest';
import type { StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import { accuracy, fakeOutcome, run } from './fake-stages.ts';

describe('the strategy until-targets', () => {
  const sizes: Readonly<Record<string, number>> = {
    ptq: 900,
    qat: 950,
    'pruned/pqat': 500,
    'clustered/cqat': 600,
    'pruned/clustered/pcqat': 300,
  };
  const towards = (compressedBytes: number) =>
    run({
      walk: { untilTargets: true, targets: { compressedBytes, accuracyDrop: 0.01 } },
      stage: (request) => fakeOutcome(request, { sizes: { raw: 2000, gzip: sizes[request.node.id] ?? 1500, zip: 0 } }),
    });

  it.each([
    [920, 0, 'Quantized model'],
    [550, 1, 'QAT, pruned model'],
    [310, 2, 'QAT pruned, clustered model'],
  ])('stops for %i bytes at level %i', async (bytes, level, node) => {
    const { outcome, made, skipped } = await towards(bytes);
    expect(outcome.outcome).toBe('done');
    expect(outcome.reason).toContain(`stopped at level ${level}: ${node} meets the targets`);
    expect(made).toHaveLength([3, 9, 12][level] ?? 0);
    expect(made.length + skipped.length).toBe(12);
  });

  it('says what the closest node misses when none meets them', async () => {
    const { outcome } = await towards(100);
    expect(outcome.outcome).toBe('targets-missed');
    expect(outcome.reason).toContain(
      'closest is QAT pruned, clustered model: accuracy drop 0.00 points within 1.00 points, compressed size 300 bytes above 100 bytes',
    );
  });
});

describe('the search', () => {
  interface Dials {
    readonly sparsity?: number;
    readonly clusters?: number;
  }
  /** Of a stage itself, else from its node's name, such as `pruned-0.4/pqat`, or what the recipe began with. */
  const options = ({ stage, node }: StageRequest, begin: Dials): Dials => {
    if (stage.technique === 'pruning' || stage.technique === 'clustering') return stage.options;
    const [, kind, value] = /^(pruned|clustered)-([\d.]+)/.exec(node.id) ?? [];
    if (kind === undefined) return node.id === 'baseline' ? {} : begin;
    return kind === 'pruned' ? { sparsity: Number(value) } : { clusters: Number(value) };
  };

  it('lowers the sparsity by bisection until the accuracy holds, within its budget', async () => {
    // Accuracy falls by a fifth of the sparsity: 0.04 are lost at 0.2, the most that the target allows.
    const { outcome, made, events } = await run({
      techniques: { clustering: false, sparsityPreservingClustering: false, ptq: false, qat: false, pruning: { sparsity: 0.8 } },
      walk: { untilTargets: true, targets: { accuracyDrop: 0.04 }, search: { stages: 6 } },
      stage: (request) => fakeOutcome(request, { deployed: accuracy(0.9 - (options(request, { sparsity: 0.8 }).sparsity ?? 0) / 5) }),
    });
    expect(made).toEqual([
      'baseline',
      'pruned',
      'pruned/pqat',
      'pruned-0.4',
      'pruned-0.4/pqat',
      'pruned-0.2',
      'pruned-0.2/pqat',
      'pruned-0.3',
      'pruned-0.3/pqat',
    ]);
    expect(outcome.outcome).toBe('done');
    expect(outcome.reason).toContain('QAT, pruned model · sparsity 0.2 meets the targets: accuracy drop 4.00 points within 4.00 points');
    expect(events.filter(({ type }) => type === 'tree-grown')).toHaveLength(3);
  });

  it('raises the cluster count where nothing is pruned', async () => {
    const { made, outcome } = await run({
      techniques: { pruning: false, ptq: false, qat: false, clustering: { clusters: 4 } },
      walk: { untilTargets: true, targets: { accuracyDrop: 0.01 }, search: { stages: 4 } },
      stage: (request) =>
        fakeOutcome(request, { deployed: accuracy((options(request, { clusters: 4 }).clusters ?? 256) >= 30 ? 0.9 : 0.8) }),
    });
    expect(made.slice(3)).toEqual(['clustered-32', 'clustered-32/cqat', 'clustered-11', 'clustered-11/cqat']);
    expect(outcome.outcome).toBe('done');
  });

  it('does not start when size is what is missed', async () => {
    const { made, outcome } = await run({ walk: { untilTargets: true, targets: { compressedBytes: 10 }, search: {} } });
    expect(made).toHaveLength(12);
    expect(outcome.outcome).toBe('targets-missed');
  });
});
