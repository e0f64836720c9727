import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EspalierError } from '../../../src/core/errors.ts';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';
import { runRecipe } from '../../../src/core/tree/run-recipe.ts';
import type { Walk } from '../../../src/core/tree/run-recipe.ts';
import type { StageOutcome, StageRequest } from '../../../src/core/tree/stages/stage-runner.ts';
import type { RunEventBody } from '../../../src/shared/events.ts';
import type { NodeMetrics } from '../../../src/shared/results.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const accuracy = (top1: number) => ({ top1, top5: undefined, meanSquaredError: undefined, samples: 100, runtime: 'fake' });

/** A stage that needs no training: its file says the path that led to it. */
function fakeOutcome({ node, parent }: StageRequest, metrics: Partial<NodeMetrics> = {}): StageOutcome {
  const before = parent === undefined ? '' : `${new TextDecoder().decode(parent.model)}>`;
  const bytes = new TextEncoder().encode(`${before}${node.id}`);
  return {
    files: { model: bytes, tflite: bytes },
    metrics: {
      simulated: accuracy(0.9),
      deployed: accuracy(0.9),
      sizes: { raw: 1000, gzip: 500, zip: 510 },
      latency: undefined,
      weights: [],
      certificate: undefined,
      trainingSeconds: 1,
      curve: [],
      ...metrics,
    },
    densities: [],
  };
}

interface Setup {
  readonly folder?: string;
  readonly run?: string;
  readonly walk?: Partial<Walk>;
  readonly techniques?: Parameters<typeof planTree>[0];
  readonly data?: string;
  readonly stage?: (request: StageRequest) => StageOutcome | Promise<StageOutcome>;
}

async function run({
  folder = temporaryFolder(),
  run: name = 'run',
  walk = {},
  techniques = {},
  data = 'd',
  stage = fakeOutcome,
}: Setup = {}) {
  const events: RunEventBody[] = [];
  const made: string[] = [];
  const outcome = await runRecipe({
    models: [
      {
        name: 'net',
        tree: planTree(techniques),
        dependencies: { model: 'm', data, seed: 0, engine: 'e', runtime: 'r', code: 'c', latency: false },
        openRunner: () =>
          Promise.resolve((request) => {
            made.push(request.node.id);
            return Promise.resolve(stage(request));
          }),
      },
    ],
    rules: [],
    targets: undefined,
    untilTargets: false,
    runFolder: path.join(folder, name),
    cacheFolder: path.join(folder, 'cache'),
    ignoreCache: false,
    processes: 1,
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    ...walk,
  });
  const finished = events.flatMap((event) => (event.type === 'node-finished' ? [event] : []));
  const skipped = events.flatMap((event) => (event.type === 'node-skipped' ? [event] : []));
  return { folder, events, made, outcome, finished, skipped };
}

describe('runRecipe', () => {
  it('makes every node from its parent, and tells so', async () => {
    const files = new Map<string, string>();
    const { made, outcome, finished, events } = await run({
      stage: (request) => {
        const made = fakeOutcome(request);
        files.set(request.node.id, new TextDecoder().decode(made.files.model));
        return made;
      },
    });
    expect(made).toHaveLength(12);
    expect(finished.map(({ node }) => node)).toEqual(made);
    expect(files.get('pruned/clustered/pcqat')).toBe('baseline>pruned>pruned/clustered>pruned/clustered/pcqat');
    expect(outcome.outcome).toBe('done');
    expect(events.at(-1)).toEqual({ type: 'run-finished', ...outcome });
  });

  it('takes everything from the cache the second time, and opens neither model nor data', async () => {
    const { folder } = await run();
    const again = await run({ folder, run: 'second' });
    expect(again.made).toEqual([]);
    expect(again.finished.every(({ cached }) => cached)).toBe(true);
    expect((await run({ folder, run: 'third', walk: { ignoreCache: true } })).made).toHaveLength(12);
  });

  it('does only the work that a changed parameter concerns, and all of it when the data changed', async () => {
    const { folder } = await run();
    expect((await run({ folder, run: 'second', techniques: { sparsityPreservingClustering: { clusters: 8 } } })).made).toEqual([
      'pruned/clustered',
      'pruned/clustered/ptq',
      'pruned/clustered/pcqat',
    ]);
    expect((await run({ folder, run: 'third', data: 'changed' })).made).toHaveLength(12);
  });

  it('stops when cancelled, keeps what is finished, and goes on from there', async () => {
    const controller = new AbortController();
    const cancelled = await run({
      walk: { signal: controller.signal },
      stage: (request) => {
        if (request.node.id === 'pruned/pqat') controller.abort();
        return fakeOutcome(request);
      },
    });
    expect(cancelled.outcome.outcome).toBe('cancelled');
    expect(cancelled.finished.map(({ node }) => node)).toEqual(['baseline', 'pruned', 'pruned/ptq']);
    const resumed = await run({ folder: cancelled.folder, walk: { ignoreCache: true } });
    expect(resumed.made).toEqual([
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
    expect(resumed.outcome.outcome).toBe('done');
  });

  it('runs as many stages at once as it may, none before its parent, and with the same results', async () => {
    const working = new Set<string>();
    let most = 0;
    // No stage after the baseline ends before three are at work, however slow the machine is.
    let threeAtWork: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (threeAtWork = resolve));
    const slow = async (request: StageRequest): Promise<StageOutcome> => {
      working.add(request.node.id);
      most = Math.max(most, working.size);
      if (working.size === 3) threeAtWork();
      expect(request.parent === undefined).toBe(request.node.id === 'baseline');
      if (request.parent !== undefined) await waiting;
      await new Promise((resolve) => setTimeout(resolve, request.node.id.length % 7));
      working.delete(request.node.id);
      return fakeOutcome(request);
    };
    const { outcome, made, finished } = await run({ walk: { processes: 3 }, stage: slow });
    expect(outcome.outcome).toBe('done');
    expect(most).toBe(3);
    expect(made).toHaveLength(12);
    for (const [index, { node }] of finished.entries()) {
      const parent = node.includes('/') ? node.slice(0, node.lastIndexOf('/')) : 'baseline';
      if (node !== 'baseline') expect(finished.slice(0, index).map((event) => event.node)).toContain(parent);
    }
  });

  it('waits for the stages that are at work when it is cancelled, and begins none', async () => {
    const controller = new AbortController();
    const ended: string[] = [];
    const { outcome, made, events } = await run({
      walk: { processes: 2, signal: controller.signal },
      stage: async (request) => {
        if (request.node.id === 'clustered') controller.abort();
        await new Promise((resolve) => setTimeout(resolve, request.node.id === 'pruned' ? 30 : 0));
        ended.push(request.node.id);
        return fakeOutcome(request);
      },
    });
    expect(outcome.outcome).toBe('cancelled');
    expect(made).toEqual(['baseline', 'pruned', 'clustered']);
    expect(ended).toEqual(['baseline', 'clustered', 'pruned']);
    expect(events.at(-1)?.type).toBe('run-finished');
  });

  it('keeps a checkpoint for the stage alone, and throws it away when the stage is done', async () => {
    const loaded: (number | undefined)[] = [];
    const controller = new AbortController();
    const techniques = { clustering: false, sparsityPreservingClustering: false, qat: false, ptq: false, pqat: false } as const;
    const { folder } = await run({
      techniques,
      walk: { signal: controller.signal },
      stage: async (request) => {
        if (request.node.id === 'pruned') {
          await request.checkpoint.save(Uint8Array.of(42));
          controller.abort();
        }
        return fakeOutcome(request);
      },
    });
    const load = async (request: StageRequest): Promise<StageOutcome> => {
      loaded.push((await request.checkpoint.load())?.[0]);
      return fakeOutcome(request);
    };
    await run({ folder, techniques: { ...techniques, pruning: { sparsity: 0.7 } }, stage: load });
    await run({ folder, techniques, stage: load });
    expect(loaded).toEqual([undefined, 42]);
  });

  it('goes on beside a failed node and skips what comes from it', async () => {
    const { outcome, skipped, finished } = await run({
      stage: (request) => {
        if (request.node.id === 'pruned/clustered')
          throw new EspalierError('invalid-argument', 'too many clusters', { where: 'layer "conv"' });
        return fakeOutcome(request);
      },
    });
    expect(outcome).toEqual({
      outcome: 'failed',
      reason: '"pruned/clustered" failed; smallest within a point of the baseline\'s accuracy: "pruned/ptq"',
    });
    expect(skipped.map(({ node, reason }) => [node, reason])).toEqual([
      ['pruned/clustered/ptq', '"pruned/clustered" has no result'],
      ['pruned/clustered/pcqat', '"pruned/clustered" has no result'],
    ]);
    expect(finished).toHaveLength(9);
  });

  it('names the file to ship where no targets are set: the smallest about as accurate as the baseline, else the most accurate', async () => {
    const leaves: Readonly<Record<string, readonly [top1: number, gzip: number]>> = {
      'pruned/ptq': [0.895, 400],
      'pruned/pqat': [0.889, 100],
      'clustered/cqat': [0.893, 300],
      qat: [0.9, 900],
    };
    const stage = (request: StageRequest): StageOutcome => {
      const [top1, gzip] = leaves[request.node.id] ?? [0.5, 50];
      return fakeOutcome(request, { deployed: accuracy(top1), sizes: { raw: 1000, gzip, zip: gzip } });
    };
    expect((await run({ stage })).outcome.reason).toBe('smallest within a point of the baseline\'s accuracy: "clustered/cqat"');
    const inaccurate = (request: StageRequest): StageOutcome =>
      fakeOutcome(request, { deployed: accuracy(request.node.id === 'clustered/ptq' ? 0.8 : 0.5) });
    expect((await run({ stage: inaccurate })).outcome.reason).toBe(
      'no file is within a point of the baseline\'s accuracy; closest: "clustered/ptq"',
    );
  });

  it('counts a node whose certificate fails as failed, and says what broke', async () => {
    const check = { layer: 'dense', property: 'zeros', expected: 'at least 50', found: '49', passed: false };
    const { outcome, events } = await run({
      stage: (request) => fakeOutcome(request, request.node.id === 'pruned/ptq' ? { certificate: { passed: false, checks: [check] } } : {}),
    });
    expect(outcome.outcome).toBe('failed');
    expect(events).toContainEqual({
      type: 'log',
      level: 'error',
      model: 'net',
      node: 'pruned/ptq',
      message: 'the certificate fails: layer "dense": zeros 49, expected at least 50',
    });
  });
});

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
    [920, 0, '"ptq"'],
    [550, 1, '"pruned/pqat"'],
    [310, 2, '"pruned/clustered/pcqat"'],
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
      'closest is "pruned/clustered/pcqat": accuracy drop 0.00 points within 1.00 points, compressed size 300 bytes above 100 bytes',
    );
  });
});

describe('the search', () => {
  const options = (request: StageRequest): { readonly sparsity?: number; readonly clusters?: number } => {
    for (const stage of [...request.lineage, request.stage]) {
      if (stage.technique === 'pruning' || stage.technique === 'clustering') return stage.options;
    }
    return {};
  };

  it('lowers the sparsity by bisection until the accuracy holds, within its budget', async () => {
    // Accuracy falls by a fifth of the sparsity: 0.04 are lost at 0.2, the most that the target allows.
    const { outcome, made, events } = await run({
      techniques: { clustering: false, sparsityPreservingClustering: false, ptq: false, qat: false, pruning: { sparsity: 0.8 } },
      walk: { untilTargets: true, targets: { accuracyDrop: 0.04 }, search: { stages: 6 } },
      stage: (request) => fakeOutcome(request, { deployed: accuracy(0.9 - (options(request).sparsity ?? 0) / 5) }),
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
    expect(outcome.reason).toContain('"pruned-0.2/pqat" meets the targets: accuracy drop 4.00 points within 4.00 points');
    expect(events.filter(({ type }) => type === 'tree-grown')).toHaveLength(3);
  });

  it('raises the cluster count where nothing is pruned', async () => {
    const { made, outcome } = await run({
      techniques: { pruning: false, ptq: false, qat: false, clustering: { clusters: 4 } },
      walk: { untilTargets: true, targets: { accuracyDrop: 0.01 }, search: { stages: 4 } },
      stage: (request) => fakeOutcome(request, { deployed: accuracy((options(request).clusters ?? 256) >= 30 ? 0.9 : 0.8) }),
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
