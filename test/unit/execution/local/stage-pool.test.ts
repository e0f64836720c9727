/** The pool as the worker uses it, over processes that speak the protocol and train nothing. */
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import { StagePool } from '../../../../src/execution/local/stage-pool.ts';
import { StatisticsMemory } from '../../../../src/execution/local/statistics-memory.ts';
import { isAlive } from '../../../../src/worker/process-identity.ts';

const script = path.join(import.meta.dirname, 'scripted-stage.mjs');
const pools: StagePool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.stop();
});

function startPool(): StagePool {
  const pool = new StagePool(script, { recipe: { model: 'net.h5' }, folder: '/recipes', engine: 'onnxruntime-node' });
  pools.push(pool);
  return pool;
}

/** A request whose node names what the scripted process does. */
function request(action: string, rest: Partial<StageRequest> = {}): StageRequest {
  return {
    node: {
      id: `pruned/${action}`,
      technique: 'pruning',
      title: action,
      precision: 'fp32',
      fineTuned: true,
      collaborative: false,
      leaf: false,
      children: [],
    },
    stage: { technique: 'pruning', options: {} },
    parentTrained: false,
    rules: [],
    parent: undefined,
    baseline: undefined,
    signal: new AbortController().signal,
    checkpoint: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    onProgress: () => undefined,
    warn: () => undefined,
    whileOthersPause: (work) => work(),
    ...rest,
  };
}

/** What the scripted process reports of itself. */
function reportOf({ metrics }: { readonly metrics: object }): { process: number; paused: number; proceeded: number } {
  if (!('process' in metrics && 'paused' in metrics && 'proceeded' in metrics)) throw new Error('not of the scripted process');
  return { process: Number(metrics.process), paused: Number(metrics.paused), proceeded: Number(metrics.proceeded) };
}

describe('a stage in a process of its own', () => {
  it('gets the setting and the work, and its progress, warnings and bytes come back', async () => {
    const progress: unknown[] = [];
    const warnings: string[] = [];
    const run = startPool().runner('net', { processes: 2, threads: 3 });
    const { files } = await run(
      request('echo', {
        onProgress: (phase, fraction) => progress.push([phase, fraction]),
        warn: (message) => warnings.push(message),
      }),
    );
    expect(new TextDecoder().decode(files.model)).toBe('net 3 2 pruned/echo');
    expect(files.tflite).toBeInstanceOf(Uint8Array);
    expect(progress).toEqual([['training', 0.5]]);
    expect(warnings).toEqual(['a warning']);
  });

  it('loads and saves its checkpoint through the worker', async () => {
    let kept: Uint8Array | undefined = Uint8Array.of(5, 6);
    const checkpoint = {
      load: () => Promise.resolve(kept),
      save: (bytes: Uint8Array) => {
        kept = bytes;
        return Promise.resolve();
      },
    };
    const run = startPool().runner('net', { processes: 1, threads: 1 });
    await run(request('checkpoint', { checkpoint }));
    expect([...kept]).toEqual([5, 6, 7]);
  });

  it('finds what a stage in another process measured, in the worker', async () => {
    const pool = startPool();
    const run = pool.runner('net', { processes: 2, threads: 1 });
    const statistics = new StatisticsMemory();
    const first = await run(request('statistics', { statistics }));
    pool.stop();
    const second = await run(request('statistics', { statistics }));
    expect([first, second].map(({ files }) => new TextDecoder().decode(files.model))).toEqual(['measured', 'kept 0,0.1']);
    expect(reportOf(second).process).not.toBe(reportOf(first).process);
    expect(new TextDecoder().decode((await run(request('statistics'))).files.model)).toBe('measured');
  });

  it('is cancelled by the signal', async () => {
    const controller = new AbortController();
    const run = startPool().runner('net', { processes: 1, threads: 1 });
    const outcome = run(request('wait', { signal: controller.signal }));
    controller.abort();
    expect(new TextDecoder().decode((await outcome).files.model)).toBe('cancelled');
  });
});

describe('a stage that fails in its process', () => {
  it('fails with the same error as in the worker, and the process takes the next stage', async () => {
    const run = startPool().runner('net', { processes: 1, threads: 1 });
    const before = reportOf(await run(request('echo')));
    await expect(run(request('refuse'))).rejects.toMatchObject({
      name: 'EspalierError',
      code: 'diverged',
      message: 'the loss is not a number',
    });
    expect(reportOf(await run(request('echo'))).process).toBe(before.process);
  });

  it('keeps the stack of a bug', async () => {
    const run = startPool().runner('net', { processes: 1, threads: 1 });
    const error: unknown = await run(request('crash')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ message: 'a bug', stack: 'Error: a bug\n    at stage.ts:1' });
    expect(error).not.toHaveProperty('code');
  });
});

describe('a stage process that ends', () => {
  it('fails its stage with the exit code and what to do, and another takes its place', async () => {
    const run = startPool().runner('net', { processes: 1, threads: 1 });
    await expect(run(request('die'))).rejects.toThrow(
      'the process of this stage ended (code 3); if memory ran out, set "processes": 1 under "engine" in the recipe; then resume the run',
    );
    expect(new TextDecoder().decode((await run(request('echo'))).files.model)).toBe('net 1 1 pruned/echo');
  });

  it('does not stop the others when it was the one that all others stood still for', async () => {
    const run = startPool().runner('net', { processes: 2, threads: 1 });
    const [died, timed] = await Promise.allSettled([run(request('quietThenDie')), run(request('quiet'))]);
    expect(died).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('(SIGKILL)') } });
    expect(timed.status).toBe('fulfilled');
  });
});

describe('the pool', () => {
  it('gives each stage at work a process of its own, and a free one to the next', async () => {
    const run = startPool().runner('net', { processes: 2, threads: 1 });
    const both = (await Promise.all([run(request('echo')), run(request('echo'))])).map(reportOf);
    expect(new Set(both.map(({ process }) => process)).size).toBe(2);
    expect(both.map(({ process }) => process)).toContain(reportOf(await run(request('echo'))).process);
  });

  it('lets one stage at a time measure, while the others stand still', async () => {
    const run = startPool().runner('net', { processes: 3, threads: 1 });
    // All three processes are there before any of them measures.
    await Promise.all(['echo', 'echo', 'echo'].map((action) => run(request(action))));
    const moments: string[] = [];
    await Promise.all([1, 2, 3].map(() => run(request('quiet', { warn: (message) => moments.push(message) }))));
    expect(moments).toHaveLength(6);
    for (let turn = 0; turn < 3; turn++) {
      const [quiet, loud] = moments.slice(2 * turn, 2 * turn + 2);
      expect(loud).toBe(quiet?.replace('quiet', 'loud'));
    }
    // Each stood still for both others, and went on after each.
    const after = (await Promise.all(['echo', 'echo', 'echo'].map((action) => run(request(action))))).map(reportOf);
    expect(after.map(({ paused, proceeded }) => [paused, proceeded])).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
  });

  it('times steps of each candidate with as many processes at work', async () => {
    const pool = startPool();
    const times = await pool.timeSteps('net', [
      { processes: 1, threads: 2 },
      { processes: 2, threads: 1 },
    ]);
    expect(times).toEqual([4, 8]);
  });

  it('ends its processes when it is stopped', async () => {
    const pool = startPool();
    const { process: id } = reportOf(await pool.runner('net', { processes: 1, threads: 1 })(request('echo')));
    expect(isAlive({ process: id })).toBe(true);
    pool.stop();
    await expect.poll(() => isAlive({ process: id }), { timeout: 30_000 }).toBe(false);
  });
});
