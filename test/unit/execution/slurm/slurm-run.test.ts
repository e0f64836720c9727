/** The jobs of a run on a cluster in memory, at moments that a real one does not show on demand. */
import { describe, expect, it } from 'vitest';
import type { JobReport, StageJob } from '../../../../src/core/tree/execution/executor.ts';
import { planTree } from '../../../../src/core/tree/deployment-tree.ts';
import { flattenTree } from '../../../../src/shared/tree.ts';
import { simulatedRun } from '../../../support/simulated-run.ts';
import type { SimulatedRun } from '../../../support/simulated-run.ts';
import { SimulatedSlurm, VirtualClock } from '../../../support/simulated-slurm.ts';
import type { SimulatedCluster, SimulatedEnd } from '../../../support/simulated-slurm.ts';

const MINUTE = 60_000;
const tree = planTree();
const entries = flattenTree(tree.root);

function jobsOf(...nodes: readonly string[]): readonly StageJob[] {
  return entries
    .filter(({ node }) => nodes.length === 0 || nodes.includes(node.id))
    .map((entry) => ({
      entry,
      stage: tree.stages.get(entry.node.id)!,
      parentTrained: false,
      key: `key of ${entry.node.id}`,
      parentKey: entry.parent?.id,
      rootKey: 'baseline',
    }));
}

const aMinute: SimulatedEnd = { milliseconds: MINUTE, how: 'done' };

function cluster(given: Partial<SimulatedCluster> = {}): { readonly clock: VirtualClock; readonly slurm: SimulatedSlurm } {
  const clock = new VirtualClock();
  return { clock, slurm: new SimulatedSlurm(clock, { machines: 4, endOf: () => aMinute, ...given }) };
}

const of = (reports: readonly JobReport[], node: string): readonly JobReport[] => reports.filter((report) => report.node === node);
const kinds = (reports: readonly JobReport[], node: string): readonly string[] => of(reports, node).map(({ kind }) => kind);
const ended = ({ reports }: SimulatedRun): number => reports.filter(({ kind }) => ['done', 'failed', 'cancelled'].includes(kind)).length;
const messageOf = (report: JobReport | undefined): string =>
  report?.kind === 'failed' && report.error instanceof Error ? report.error.message : report?.kind === 'warning' ? report.message : '';

describe('the jobs of a run', () => {
  it('run side by side, each after its parent, and are reported from the queue to their results', async () => {
    const { clock, slurm } = cluster();
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf());
    await clock.runUntil(() => ended(host) === 12);
    expect(
      host.reports
        .filter(({ kind }) => kind === 'done')
        .map(({ node }) => node)
        .toSorted(),
    ).toEqual(entries.map(({ node }) => node.id).toSorted());
    expect(slurm.mostRunning).toBe(4);
    expect(kinds(host.reports, 'pruned')).toEqual(['queued', 'started', 'done']);
    expect(of(host.reports, 'pruned')[0]).toMatchObject({ job: '2_0', reason: 'Dependency' });
    expect(of(host.reports, 'pruned')[1]).toMatchObject({ job: '2_0', host: 'n2' });
    const done = host.reports.filter(({ kind }) => kind === 'done').map(({ node }) => node);
    for (const { node, parent } of entries) if (parent !== undefined) expect(done.indexOf(parent.id)).toBeLessThan(done.indexOf(node.id));
    // Six arrays, not twelve jobs.
    expect(slurm.calls.filter(({ command }) => command === 'sbatch')).toHaveLength(6);
  });

  it('relay every warning and the latest progress of what runs', async () => {
    const progress = (fraction: number) => ({ kind: 'progress', phase: 'training', fraction, training: undefined }) as const;
    const { clock, slurm } = cluster({
      eventsOf: () => [progress(0.1), { kind: 'warning', message: 'one' }, progress(0.2), { kind: 'warning', message: 'two' }],
    });
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline'));
    await clock.runUntil(() => ended(host) === 1);
    expect(of(host.reports, 'baseline').slice(2)).toMatchObject([
      { kind: 'warning', message: 'one' },
      { kind: 'warning', message: 'two' },
      { kind: 'progress', fraction: 0.2 },
      { kind: 'done' },
    ]);
  });

  it('are held back where the recipe allows only so many in the queue, and all are made', async () => {
    const { clock, slurm } = cluster();
    const host = simulatedRun(clock, slurm, { options: { mostJobs: 3 } });
    let most = 0;
    await host.submit(jobsOf());
    await clock.runUntil(() => {
      most = Math.max(most, slurm.inQueue);
      return ended(host) === 12;
    });
    expect(host.reports.filter(({ kind }) => kind === 'done')).toHaveLength(12);
    expect(most).toBeLessThanOrEqual(3);
  });
});

describe('a job that fails', () => {
  const failing = (how: SimulatedEnd['how'], node = '2-0') =>
    cluster({ endOf: ({ name }) => (name === node ? { milliseconds: MINUTE, how } : aMinute) });

  it('is reported with what its program said, and what comes from it neither starts nor is reported', async () => {
    const { clock, slurm } = failing('failed');
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf());
    await clock.runUntil(() => slurm.inQueue === 0 && ended(host) === 7);
    await clock.runUntil(() => false, clock.now() + 10 * MINUTE);
    const failed = of(host.reports, 'pruned').at(-1);
    expect(failed?.kind).toBe('failed');
    expect(messageOf(failed)).toBe('job 2_0 on n2: the loss is not a number; its log is /run/logs/2_0.log');
    expect(host.reports.filter(({ kind, node }) => node.startsWith('pruned/') && kind !== 'queued')).toEqual([]);
    expect(host.reports.filter(({ kind }) => kind === 'done')).toHaveLength(6);
    expect(await host.run.lastLines(host.model, 'pruned')).toEqual(['the last line of 2_0']);
  });

  it.each([
    ['killed', /job 2_0 on n2 was killed, by the system if memory ran out .*\/run\/logs\/2_0\.log$/],
    ['timeout', /job 2_0 on n2 reached its time limit of 00:10:00; give it more "time"/],
  ] as const)('%s, names its job, its log and what to do', async (how, message) => {
    const { clock, slurm } = failing(how);
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline', 'pruned', 'clustered'));
    await clock.runUntil(() => ended(host) === 3);
    expect(messageOf(of(host.reports, 'pruned').at(-1))).toMatch(message);
  });

  it('with scancel, says so', async () => {
    const { clock, slurm } = cluster();
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline', 'pruned'));
    await clock.runUntil(() => kinds(host.reports, 'pruned').includes('started'));
    slurm.cancel('2_0');
    await clock.runUntil(() => ended(host) === 2);
    expect(messageOf(of(host.reports, 'pruned').at(-1))).toMatch(
      /^job 2_0 on n2 was cancelled with scancel or by an administrator; resume the run/,
    );
  });

  it('and vanishes is waited for as long as a network file system may be behind', async () => {
    const { clock, slurm } = cluster({ endOf: () => ({ milliseconds: MINUTE, how: 'vanished' }) });
    slurm.isForgetful = true;
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline'));
    await clock.runUntil(() => false, 2 * MINUTE);
    expect(ended(host)).toBe(0);
    await clock.runUntil(() => ended(host) === 1);
    expect(clock.now()).toBeGreaterThan(2.5 * MINUTE);
    expect(messageOf(host.reports.at(-1))).toMatch(/^job 1_0 left the queue without a result; resume the run/);
  });

  it('is no failure where its result is in the store after all', async () => {
    const { clock, slurm } = cluster({ endOf: () => ({ milliseconds: MINUTE, how: 'vanished' }) });
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline'));
    slurm.done.add('1-0');
    await clock.runUntil(() => ended(host) === 1);
    expect(host.reports.at(-1)).toMatchObject({ kind: 'done', cached: false });
  });
});

describe('a job whose machine is lost', () => {
  it('goes back into the queue, starts again, and is done', async () => {
    const { clock, slurm } = cluster({
      endOf: ({ name }, restarts) => (name === '2-0' && restarts < 2 ? { milliseconds: MINUTE, how: 'lost' } : aMinute),
    });
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline', 'pruned'));
    await clock.runUntil(() => ended(host) === 2);
    expect(kinds(host.reports, 'pruned')).toEqual([
      'queued',
      'started',
      'warning',
      'queued',
      'started',
      'warning',
      'queued',
      'started',
      'done',
    ]);
    expect(messageOf(of(host.reports, 'pruned')[2])).toMatch(/^job 2_0 was put back into the queue: preempted, or its machine was lost/);
  });
});

describe('a scheduler', () => {
  it('that refuses for good fails the stages, and what comes from them is not submitted', async () => {
    const { clock, slurm } = cluster();
    slurm.refusals.push('invalid partition specified: gpu');
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf());
    expect(host.reports).toMatchObject([{ node: 'baseline', kind: 'failed', error: { code: 'invalid-argument' } }]);
    await clock.runUntil(() => false, 10 * MINUTE);
    expect(slurm.calls.filter(({ command }) => command === 'sbatch')).toHaveLength(1);
  });

  it('that has no room for a while gets the jobs later', async () => {
    const { clock, slurm } = cluster();
    slurm.refusals.push('Slurm temporarily unable to accept job', 'Slurm temporarily unable to accept job');
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline'));
    expect(host.reports).toEqual([]);
    await clock.runUntil(() => ended(host) === 1);
    expect(kinds(host.reports, 'baseline')).toEqual(['queued', 'started', 'done']);
  });

  it('that is silent for a while is asked again; after five minutes that is said, once', async () => {
    const { clock, slurm } = cluster({ endOf: () => ({ milliseconds: 60 * MINUTE, how: 'done' }) });
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline'));
    await clock.runUntil(() => kinds(host.reports, 'baseline').includes('started'));
    slurm.isSilent = true;
    await clock.runUntil(() => false, clock.now() + 30 * MINUTE);
    const said = host.reports.filter(({ kind }) => kind === 'warning').map(messageOf);
    expect(said).toEqual([expect.stringMatching(/^nothing could be learnt of the jobs for 5 minutes: Unable to contact slurm controller/)]);
    slurm.isSilent = false;
    await clock.runUntil(() => ended(host) === 1);
    expect(host.reports.at(-1)?.kind).toBe('done');
  });

  it('that will never start a job as it is, is quoted with what that means, once', async () => {
    const { clock, slurm } = cluster({ machines: 0, reason: 'PartitionConfig' });
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline'));
    await clock.runUntil(() => false, 30 * MINUTE);
    expect(of(host.reports, 'baseline')).toMatchObject([
      { kind: 'queued', reason: undefined },
      { kind: 'queued', reason: 'PartitionConfig' },
      {
        kind: 'warning',
        message: expect.stringMatching(/^job 1_0 will not start as it is \(PartitionConfig\): no machine of the partition has/),
      },
    ]);
  });
});

describe('a file system', () => {
  it('that is stale for a while does not end the following', async () => {
    const { clock, slurm } = cluster();
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf('baseline'));
    slurm.folder.failure = Object.assign(new Error('ESTALE: stale file handle, scandir'), { code: 'ESTALE' });
    await clock.runUntil(() => false, 10 * MINUTE);
    expect(host.reports.filter(({ kind }) => kind === 'warning').map(messageOf)).toEqual([expect.stringContaining('ESTALE')]);
    slurm.folder.failure = undefined;
    await clock.runUntil(() => ended(host) === 1);
    expect(host.reports.at(-1)?.kind).toBe('done');
  });
});

describe('cancelling', () => {
  it('takes all jobs out of the queue and reports each', async () => {
    const { clock, slurm } = cluster();
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf());
    await clock.runUntil(() => kinds(host.reports, 'pruned').includes('started'));
    const before = ended(host);
    await host.run.cancel(host.model);
    await clock.runUntil(() => ended(host) === 12);
    expect(slurm.inQueue).toBe(0);
    expect(host.reports.filter(({ kind }) => kind === 'cancelled')).toHaveLength(12 - before);
    expect(host.reports.some(({ kind }) => kind === 'failed')).toBe(false);
  });

  it('forgets what was not submitted yet', async () => {
    const { clock, slurm } = cluster();
    const host = simulatedRun(clock, slurm, { options: { mostJobs: 1 } });
    await host.submit(jobsOf());
    await host.run.cancel(host.model);
    await clock.runUntil(() => ended(host) === 12);
    await clock.runUntil(() => false, clock.now() + 10 * MINUTE);
    expect(slurm.calls.filter(({ command }) => command === 'sbatch')).toHaveLength(1);
  });
});

describe('another host', () => {
  it('finds the jobs of one that has ended, submits none again, and reports no warning twice', async () => {
    const { clock, slurm } = cluster({ eventsOf: ({ name }) => [{ kind: 'warning', message: `of ${name}` }] });
    const first = simulatedRun(clock, slurm);
    await first.submit(jobsOf());
    await clock.runUntil(() => kinds(first.reports, 'clustered').includes('started'));
    await clock.runUntil(() => false, clock.now() + 10_000);
    first.run.stop();
    const submitted = slurm.calls.filter(({ command }) => command === 'sbatch').length;
    // Some jobs end while nobody looks.
    await clock.runUntil(() => false, clock.now() + 2 * MINUTE);

    const second = simulatedRun(clock, slurm);
    await second.submit(jobsOf().filter(({ entry }) => !kinds(first.reports, entry.node.id).includes('done')));
    await clock.runUntil(() => ended(first) + ended(second) === 12);
    expect(slurm.calls.filter(({ command }) => command === 'sbatch')).toHaveLength(submitted);
    expect(second.reports.filter(({ kind }) => kind === 'done').length).toBe(12 - ended(first));
    const warnings = [...first.reports, ...second.reports].filter(({ kind }) => kind === 'warning').map(messageOf);
    expect(new Set(warnings).size).toBe(warnings.length);
    expect(warnings).toHaveLength(12);
  });

  it('finds a job whose id was never read, by its comment', async () => {
    const { clock, slurm } = cluster();
    const first = simulatedRun(clock, slurm);
    await first.submit(jobsOf('baseline'));
    first.run.stop();
    // As if the host had been killed between sbatch and its answer.
    expect(slurm.folder.entries.pop()).toMatchObject({ kind: 'submitted' });

    const second = simulatedRun(clock, slurm);
    await second.submit(jobsOf('baseline'));
    await clock.runUntil(() => ended(second) === 1);
    expect(second.reports.at(-1)).toMatchObject({ node: 'baseline', kind: 'done' });
    expect(slurm.calls.filter(({ command }) => command === 'sbatch')).toHaveLength(1);
  });

  it('cancels a job of other work and submits its own', async () => {
    const { clock, slurm } = cluster({ machines: 0 });
    const first = simulatedRun(clock, slurm);
    await first.submit(jobsOf('baseline'));
    first.run.stop();
    const second = simulatedRun(clock, slurm);
    await second.submit(jobsOf('baseline').map((job) => ({ ...job, key: 'of another program' })));
    expect(slurm.calls.find(({ command }) => command === 'scancel')?.args).toContain('1_0');
    expect(of(second.reports, 'baseline')[0]).toMatchObject({ kind: 'queued', job: '2_0' });
  });

  it('submits again what came to nothing while nobody looked, with what waited for it, and says why', async () => {
    const { clock, slurm } = cluster({ endOf: ({ id }) => ({ milliseconds: MINUTE, how: id === '2_0' ? 'killed' : 'done' }) });
    const first = simulatedRun(clock, slurm);
    await first.submit(jobsOf('baseline', 'pruned', 'pruned/ptq'));
    await clock.runUntil(() => kinds(first.reports, 'pruned').includes('started'));
    first.run.stop();
    await clock.runUntil(() => slurm.inQueue === 0);
    const second = simulatedRun(clock, slurm);
    await second.submit(jobsOf('pruned', 'pruned/ptq'));
    await clock.runUntil(() => ended(second) === 2);
    expect(kinds(second.reports, 'pruned')).toEqual(['warning', 'queued', 'started', 'done']);
    expect(messageOf(of(second.reports, 'pruned')[0])).toMatch(
      /^while nobody followed this run: job 2_0 on n\d was killed, by the system if memory ran out .*; it is submitted again$/,
    );
    expect(kinds(second.reports, 'pruned/ptq')).toEqual(['queued', 'started', 'done']);
  });

  it('reports what a program reported while nobody looked', async () => {
    const { clock, slurm } = cluster({ endOf: ({ id }) => ({ milliseconds: MINUTE, how: id === '2_0' ? 'failed' : 'done' }) });
    const first = simulatedRun(clock, slurm);
    await first.submit(jobsOf('baseline', 'pruned'));
    await clock.runUntil(() => kinds(first.reports, 'pruned').includes('started'));
    first.run.stop();
    await clock.runUntil(() => slurm.inQueue === 0);
    const second = simulatedRun(clock, slurm);
    await second.submit(jobsOf('pruned'));
    await clock.runUntil(() => ended(second) === 1);
    expect(messageOf(second.reports.at(-1))).toMatch(/^job 2_0 on n\d: the loss is not a number/);
  });

  it('submits again what has failed and was reported', async () => {
    const { clock, slurm } = cluster({ endOf: ({ id }) => ({ milliseconds: MINUTE, how: id === '1_0' ? 'failed' : 'done' }) });
    const first = simulatedRun(clock, slurm);
    await first.submit(jobsOf('baseline'));
    await clock.runUntil(() => ended(first) === 1);
    const second = simulatedRun(clock, slurm);
    await second.submit(jobsOf('baseline'));
    await clock.runUntil(() => ended(second) === 1);
    expect(second.reports.map(({ kind }) => kind)).toEqual(['queued', 'started', 'done']);
  });
});

describe('what a host costs', () => {
  it('is a call of squeue a minute and less while nothing happens', async () => {
    const { clock, slurm } = cluster({ endOf: () => ({ milliseconds: 24 * 60 * MINUTE, how: 'done' }) });
    const host = simulatedRun(clock, slurm);
    await host.submit(jobsOf());
    await clock.runUntil(() => false, 10 * MINUTE);
    const before = slurm.calls.length;
    const listings = slurm.folder.asked.listings;
    await clock.runUntil(() => false, clock.now() + 60 * MINUTE);
    expect(slurm.calls.length - before).toBeLessThanOrEqual(61);
    expect(slurm.folder.asked.listings - listings).toBeLessThanOrEqual(12 * 60);
  });
});
