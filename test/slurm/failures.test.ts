/** What goes wrong on a cluster: each run says which job and where its log is, and ends with the same bytes after all. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeFailed } from '../../src/shared/events.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { makeModel } from './make-model.ts';
import { askSlurm, onlyPruned, Project, sharedCluster, until, withoutSlurm } from './project.ts';
import type { CommandLine } from './project.ts';

const machine = (name: string) => ({ options: [`--nodelist=${name}`] });

/** `npm test` has failures of each kind; `npm run test:slurm` has all. */
const isShort = process.env['ESPALIER_SLURM'] === 'short';

describe.skipIf(withoutSlurm)('a run on a cluster', { concurrent: true }, () => {
  const template = temporaryFolder();
  const root = temporaryFolder();
  const mounted = path.join(root, 'mounted');
  const stale = path.join(root, 'stale');
  const canMount = !withoutSlurm && mount('-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', mounted);
  let reference: Buffer;

  const project = (name: string, folder = path.join(root, name)): Project => new Project(folder, sharedCluster(), template);
  const resume = async (run: Project): Promise<CommandLine> => {
    const command = run.run('--resume');
    expect(await command.ended, command.describe()).toBe(0);
    return command;
  };

  beforeAll(async () => {
    makeModel(template);
    // What all are compared with, made on this machine. The baseline stays in the cache: it is no job of any test.
    const local = project('local');
    local.write(onlyPruned({}));
    const command = local.run('--executor', 'local');
    expect(await command.ended, command.describe()).toBe(0);
    reference = local.tflite('pruned');
    const baseline = new Project(path.join(root, 'baseline'), sharedCluster(), template);
    baseline.write({ ...onlyPruned({}), nodes: ['baseline'] });
    const first = baseline.run('--executor', 'local');
    expect(await first.ended, first.describe()).toBe(0);
    spawnSync('cp', ['-r', baseline.file(), template]);
    rmSync(path.join(template, '.espalier', 'runs'), { recursive: true });
  });
  afterAll(() => {
    if (canMount) for (const folder of [mounted, stale, stale]) spawnSync('umount', ['-l', folder]);
  });

  it('goes on from a checkpoint where a machine is lost', async () => {
    const run = project('lost');
    run.writeHeld(machine('n5'));
    const command = run.run();
    await until('a checkpoint', command, () => run.hasCheckpoint('pruned'));
    await sharedCluster().killNode('n5');
    // As an administrator does it; by itself the controller notices after SlurmdTimeout.
    askSlurm(sharedCluster(), 'scontrol', 'update', 'NodeName=n5', 'State=DOWN', 'Reason=lost');
    await until('the requeued job', command, () => command.messages('warning').some((message) => message.includes('put back')));
    run.letGo();
    sharedCluster().startNode('n5');
    // What is left of the lost machine may still report the end of the first start: then a resume goes on.
    if ((await command.ended) !== 0) await resume(run);
    expect(command.messages('warning')).toContainEqual(
      expect.stringMatching(
        /^job \d+_0 was put back into the queue: preempted, or its machine was lost; it goes on from its last checkpoint/,
      ),
    );
    expect(startsFromTheBeginning(run)).toBe(1);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it.skipIf(isShort)('goes on from a checkpoint where a job has to make room', async () => {
    const run = project('preempted');
    run.writeHeld({ partition: 'all', ...machine('n6') });
    const command = run.run();
    await until('a checkpoint', command, () => run.hasCheckpoint('pruned'));
    askSlurm(sharedCluster(), 'sbatch', '--partition=urgent', '--nodelist=n6', '--output=/dev/null', '--wrap=sleep 4');
    await until('the requeued job', command, () => command.messages('warning').some((message) => message.includes('put back')));
    run.letGo();
    expect(await command.ended, command.describe()).toBe(0);
    expect(command.messages('warning')).toContainEqual(expect.stringContaining('was put back into the queue'));
    expect(startsFromTheBeginning(run)).toBe(1);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it('says so where a job is cancelled by hand, and is resumed', async () => {
    const run = project('cancelled');
    run.writeHeld(machine('n7'));
    const command = run.run();
    await until('a checkpoint', command, () => run.hasCheckpoint('pruned'));
    askSlurm(sharedCluster(), 'scancel', (await command.event('node-started', 'pruned')).job ?? '');
    expect(await command.ended, command.describe()).toBe(1);
    expectFailure(run, await command.event('node-failed', 'pruned'), 'was cancelled with scancel or by an administrator');
    run.letGo();
    await resume(run);
    expect(startsFromTheBeginning(run)).toBe(1);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it.skipIf(isShort)('says so where a job reaches its time limit, and is resumed', async () => {
    const run = project('late');
    const gate = path.join(run.folder, 'gate');
    run.write(onlyPruned({ time: '30', setup: [`while [ ! -e '${gate}' ]; do sleep 1; done`], ...machine('n8') }));
    const command = run.run();
    const { job = '' } = await command.event('node-started', 'pruned');
    // Limits count in minutes, and this one is over now.
    askSlurm(sharedCluster(), 'scontrol', 'update', `JobId=${job}`, `EndTime=${localTime(new Date(Date.now() + 1_000))}`);
    expect(await command.ended, command.describe()).toBe(1);
    expectFailure(run, await command.event('node-failed', 'pruned'), 'reached its time limit of 00:01:00');
    writeFileSync(gate, '');
    await resume(run);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it.skipIf(isShort)('says so where a job takes more memory than it may, and is resumed with more', async () => {
    const run = project('memory');
    run.write(onlyPruned({ memory: '60M', ...machine('n9') }));
    const command = run.run();
    expect(await command.ended, command.describe()).toBe(1);
    expectFailure(run, await command.event('node-failed', 'pruned'), 'was killed for its memory (limit: 60M)');
    run.write(onlyPruned({ memory: '1500M', ...machine('n9') }));
    await resume(run);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it.skipIf(!canMount)('says so where its file system is full, and is resumed when there is space', async () => {
    const run = project('full', path.join(mounted, 'full'));
    run.writeHeld(machine('n10'));
    const command = run.run();
    await until('a checkpoint', command, () => run.hasCheckpoint('pruned'));
    const filler = path.join(mounted, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']);
    expect(statfsSync(mounted).bfree).toBe(0);
    run.letGo();
    expect(await command.ended, command.describe()).toBe(1);
    expect(command.describe()).toContain('the disk is full');
    rmSync(filler);
    await resume(run);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it.skipIf(!canMount || isShort)('says so where a machine loses the file system, and is resumed when it is back', async () => {
    const behind = path.join(root, 'behind');
    mkdirSync(behind);
    // What is beneath cannot be written, as where a network file system is gone.
    expect(mount('-t', 'tmpfs', '-o', 'ro', 'tmpfs', stale)).toBe(true);
    expect(mount('--bind', behind, stale)).toBe(true);
    const run = project('stale', path.join(stale, 'project'));
    run.writeHeld(machine('n11'));
    const command = run.run();
    await until('a checkpoint', command, () => run.hasCheckpoint('pruned'));
    spawnSync('umount', ['-l', stale]);
    run.letGo();
    expect(await command.ended, command.describe()).toBe(1);
    expect((await command.event('node-failed', 'pruned')).message).toMatch(/job \d+_0 on n11 could not write to the folder of the run/);
    mount('--bind', behind, stale);
    await resume(run);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it('needs no host: a job ends without it, and the next one finds its result', async () => {
    const run = project('hostless');
    run.writeHeld(machine('n12'));
    const command = run.run();
    const { job } = await command.event('node-started', 'pruned');
    await command.killHost();
    run.letGo();
    await until('the job', command, () => run.queue().length === 0);
    const again = await resume(run);
    expect(again.events.filter(({ type }) => type === 'node-queued')).toEqual([]);
    expect(await again.event('node-finished', 'pruned')).toMatchObject({ cached: false });
    expect(run.tflite('pruned').equals(reference)).toBe(true);
    expect(readFileSync(run.file('runs', run.runs()[0]!, 'jobs', 'logs', `${job}.log`), 'utf8')).toContain('done');
  });

  it.skipIf(isShort)('makes a stage once for two hosts with one store', async () => {
    const run = project('two');
    // One after the other on one machine: the second job finds what the first has made.
    run.write(onlyPruned(machine('n4')));
    const both = [run.run(), run.run()];
    expect(await Promise.all(both.map(({ ended }) => ended)), both.map((one) => one.describe()).join('\n\n')).toEqual([0, 0]);
    const cached = await Promise.all(both.map(async (one) => (await one.event('node-finished', 'pruned')).cached));
    expect(cached.toSorted()).toEqual([false, true]);
    expect(run.tflite('pruned').equals(reference)).toBe(true);
  });

  it('checks at the start of a job whether there is a GPU for the provider "cuda"', async () => {
    const run = project('cuda');
    run.write({ ...onlyPruned(machine('n4')), engine: { threads: 1, processes: 1, provider: 'cuda' } });
    const command = run.run();
    expect(await command.ended, command.describe()).toBe(1);
    const { message } = await command.event('node-failed');
    expect(message).toMatch(/"provider": "cuda" needs/);
  });
});

function expectFailure(run: Project, { message }: NodeFailed, what: string | RegExp): void {
  expect(message).toMatch(what);
  expect(message).toMatch(/^job \d+_0 /);
  const [, log = ''] = /its log is (\S+)/.exec(message) ?? [];
  expect(path.dirname(log)).toBe(run.file('runs', run.runs().at(-1)!, 'jobs', 'logs'));
}

/** How often the latest run's jobs have reported the first step of a training. */
function startsFromTheBeginning(run: Project): number {
  const folder = run.file('runs', run.runs().at(-1)!, 'jobs', 'events');
  const lines = readdirSync(folder).flatMap((name) => readFileSync(path.join(folder, name), 'utf8').split('\n'));
  return lines.filter((line) => line.includes('"step":1,')).length;
}

function mount(...args: readonly string[]): boolean {
  mkdirSync(args.at(-1) ?? '', { recursive: true });
  return spawnSync('mount', args).status === 0;
}

/** As Slurm reads it: without a zone. */
function localTime(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
