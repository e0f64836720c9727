/** The executor alone, as the walk uses it: what it reports and in which order. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobReport, StageJob } from '../../../../src/core/tree/execution/executor.ts';
import { planTree } from '../../../../src/core/tree/deployment-tree.ts';
import type { StageOutcome, StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import { LocalExecutor } from '../../../../src/execution/local/local-executor.ts';
import { flattenTree } from '../../../../src/shared/tree.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeOutcome } from '../../tree/run-recipe/fake-stages.ts';

const tree = planTree();

/** Jobs of these nodes and no others, whose keys are their names. */
function jobsOf(...nodes: readonly string[]): readonly StageJob[] {
  return flattenTree(tree.root)
    .filter(({ node }) => nodes.includes(node.id))
    .map((entry) => ({
      entry,
      stage: tree.stages.get(entry.node.id)!,
      parentTrained: false,
      key: entry.node.id,
      parentKey: entry.parent?.id,
      rootKey: 'baseline',
    }));
}

function open(processes: number, stage: (request: StageRequest) => StageOutcome | Promise<StageOutcome> = fakeOutcome) {
  const folder = temporaryFolder();
  const place = {
    model: 'net',
    runFolder: path.join(folder, 'run'),
    cacheFolder: path.join(folder, 'cache'),
    ignoreCache: false,
    rules: [],
  };
  return new LocalExecutor({ place, processes, openRunner: () => Promise.resolve((request) => Promise.resolve(stage(request))) });
}

/** Reports until so many jobs have ended. */
async function untilEnded(executor: LocalExecutor, count: number): Promise<readonly JobReport[]> {
  const reports: JobReport[] = [];
  const ended = () => reports.filter(({ kind }) => kind === 'done' || kind === 'failed' || kind === 'cancelled').length;
  while (ended() < count) reports.push(...(await executor.status()));
  return reports;
}

const briefly = (reports: readonly JobReport[]): readonly string[] => reports.map(({ node, kind }) => `${node} ${kind}`);

describe('stages on this machine', () => {
  it('start one after the other, each after its parent, and report what they say', async () => {
    const executor = open(1, (request) => {
      request.warn(`from ${request.node.id}`);
      request.onProgress('training', 0.5);
      return fakeOutcome(request);
    });
    await executor.submit(jobsOf('baseline', 'pruned'));
    expect(briefly(await untilEnded(executor, 2))).toEqual(
      ['baseline', 'pruned'].flatMap((node) => ['started', 'warning', 'progress', 'done'].map((kind) => `${node} ${kind}`)),
    );
  });

  it('finds the result of an earlier submission as the parent', async () => {
    const executor = open(1);
    await executor.submit(jobsOf('baseline'));
    await untilEnded(executor, 1);
    await executor.submit(jobsOf('pruned'));
    const [done] = (await untilEnded(executor, 1)).filter(({ kind }) => kind === 'done');
    expect(done?.kind === 'done' && new TextDecoder().decode(done.outcome.files.model)).toBe('baseline>pruned');
  });

  it('find what a stage before them has measured', async () => {
    const found: unknown[] = [];
    const executor = open(1, async (request) => {
      found.push(await request.statistics?.load('ranges'));
      await request.statistics?.save('ranges', new Map([['relu', Float64Array.of(0, 6)]]));
      return fakeOutcome(request);
    });
    await executor.submit(jobsOf('baseline', 'pruned'));
    await untilEnded(executor, 2);
    expect(found).toEqual([undefined, new Map([['relu', Float64Array.of(0, 6)]])]);
  });

  it('says on which processor they ran', async () => {
    const executor = open(1);
    await executor.submit(jobsOf('baseline'));
    const [done] = (await untilEnded(executor, 1)).filter(({ kind }) => kind === 'done');
    expect(done?.kind === 'done' && done.outcome.metrics.processor).toMatch(/./);
  });

  it('never start, and are not reported, where what they come from failed', async () => {
    const executor = open(2, (request) => {
      if (request.node.id === 'pruned') throw new Error('no');
      return fakeOutcome(request);
    });
    await executor.submit(jobsOf('baseline', 'pruned', 'pruned/clustered', 'pruned/clustered/ptq', 'clustered'));
    const reports = await untilEnded(executor, 3);
    expect(briefly(reports)).toContain('pruned failed');
    expect(reports.filter(({ node }) => node.startsWith('pruned/'))).toEqual([]);
    expect(briefly(reports)).toContain('clustered done');
  });

  it('fail where the result of their parent is gone', async () => {
    const executor = open(1);
    await executor.submit(jobsOf('pruned'));
    const failed = (await untilEnded(executor, 1)).at(-1);
    expect(failed?.kind === 'failed' && failed.error).toMatchObject({
      code: 'file-access',
      message: expect.stringContaining('the result of "baseline" is not in the run\'s folder; resume the run'),
    });
  });

  it('are all cancelled at once: those that wait without having started, those at work when they have stopped', async () => {
    let stop: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    let atWork: () => void = () => undefined;
    const working = new Promise<void>((resolve) => (atWork = resolve));
    const executor = open(1, async (request) => {
      atWork();
      await stopped;
      return fakeOutcome(request);
    });
    await executor.submit(jobsOf('baseline', 'pruned'));
    expect(briefly(await executor.status())).toEqual(['baseline started']);
    await working;
    await executor.cancel();
    expect(briefly(await executor.status())).toEqual(['pruned cancelled']);
    stop();
    expect(briefly(await executor.status())).toEqual(['baseline cancelled']);
    expect(await executor.logs()).toEqual([]);
  });
});
