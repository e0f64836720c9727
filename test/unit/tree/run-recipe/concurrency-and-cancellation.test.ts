import { describe, expect, it } from 'vitest';
import type { StageOutcome, StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import { fakeOutcome, run } from './fake-stages.ts';

describe('runRecipe', () => {
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
    const { outcome, made, finished } = await run({ processes: 3, stage: slow });
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
    let prunedAtWork: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (prunedAtWork = resolve));
    let clusteredEnds: () => void = () => undefined;
    const cancelled = new Promise<void>((resolve) => (clusteredEnds = resolve));
    const { outcome, made, events } = await run({
      processes: 2,
      walk: { signal: controller.signal },
      stage: async (request) => {
        if (request.node.id === 'pruned') prunedAtWork();
        if (request.node.id === 'clustered') {
          await waiting;
          controller.abort();
          clusteredEnds();
        }
        // Ends last, however late the other one began, and after a walk that does not wait would have ended.
        if (request.node.id === 'pruned') {
          await cancelled;
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
        ended.push(request.node.id);
        return fakeOutcome(request);
      },
    });
    expect(outcome.outcome).toBe('cancelled');
    expect(made.toSorted()).toEqual(['baseline', 'clustered', 'pruned']);
    expect(ended).toEqual(['baseline', 'clustered', 'pruned']);
    expect(events.at(-1)?.type).toBe('run-finished');
  });
});
