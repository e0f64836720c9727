import { describe, expect, it } from 'vitest';
import type { StageOutcome, StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import type { RunEventBody } from '../../../../src/shared/events.ts';
import { fakeOutcome, run } from './fake-stages.ts';

describe('runRecipe', () => {
  it('takes everything from the cache the second time, and opens neither model nor data', async () => {
    const { folder } = await run();
    const again = await run({ folder, run: 'second' });
    expect(again.made).toEqual([]);
    expect(again.finished.every(({ cached }) => cached)).toBe(true);
    expect((await run({ folder, run: 'third', walk: { ignoreCache: true } })).made).toHaveLength(12);
  });

  it('says again what is doubtful in a result that comes from the cache', async () => {
    const stage = (request: StageRequest): StageOutcome => {
      if (request.node.id === 'baseline') request.warn('there is 1 test example');
      return fakeOutcome(request);
    };
    const said = (events: readonly RunEventBody[]): unknown =>
      events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [[event.node, event.message]] : []));
    const first = await run({ stage });
    const again = await run({ stage, folder: first.folder, run: 'second' });
    expect(again.made).toEqual([]);
    expect([said(first.events), said(again.events)]).toEqual(Array.from({ length: 2 }, () => [['baseline', 'there is 1 test example']]));
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
});
