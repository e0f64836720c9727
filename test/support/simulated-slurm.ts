/**
 * A cluster in memory, in time of its own: Slurm's commands as far as the executor uses them, machines that run one job
 * at a time, and the files that jobs would leave. For tests of what is hard to bring about, and for runs too large to try.
 */
import type { CommandResult, RunCommand } from '../../src/execution/slurm/commands.ts';
import { expandTasks } from '../../src/execution/slurm/answers.ts';
import { describeIndices } from '../../src/execution/slurm/sbatch.ts';
import type { JobFolder, NewEvents } from '../../src/execution/slurm/job-folder.ts';
import type { LedgerEntry } from '../../src/execution/slurm/ledger.ts';
import type { Clock } from '../../src/execution/slurm/pace.ts';
import type { EndRecord, JobEnd, JobEvent, StartRecord } from '../../src/execution/job/job-request.ts';

/** Time passes only when nothing else is left to do. */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly resolve: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#timers.push({ at: this.#now + milliseconds, resolve }));
  }

  /** Until the condition holds, or nothing waits for time to pass. */
  async runUntil(isDone: () => boolean, limit = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone() || this.#timers.length === 0) return;
      const at = this.#timers.reduce((earliest, timer) => Math.min(earliest, timer.at), Number.POSITIVE_INFINITY);
      if (at > limit) return;
      this.#now = at;
      const due = this.#timers.filter((timer) => timer.at <= at);
      this.#timers = this.#timers.filter((timer) => timer.at > at);
      for (const { resolve } of due) resolve();
    }
  }
}

export interface SimulatedTask {
  /** `12_3` */
  readonly id: string;
  /** `4-0`, of its files. */
  readonly name: string;
  readonly submission: number;
  readonly index: number;
}

/** How a job ends, and when after its start. */
export interface SimulatedEnd {
  readonly milliseconds: number;
  /** `lost`: put back into the queue; `vanished`: gone, and nothing is left of it. */
  readonly how: 'done' | 'failed' | 'killed' | 'timeout' | 'lost' | 'vanished';
}

export interface SimulatedCluster {
  readonly machines: number;
  /** Why jobs wait that could start; `Priority` by default. */
  readonly reason?: string;
  /** For each start of a task. */
  endOf(task: SimulatedTask, restarts: number): SimulatedEnd;
  /** What a job says while it runs; nothing by default. */
  eventsOf?(task: SimulatedTask): readonly JobEvent[];
}

interface Job extends SimulatedTask {
  readonly comment: string;
  readonly name: string;
  readonly jobName: string;
  readonly parents: readonly string[];
  state: 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TIMEOUT';
  reason: string;
  host: string;
  restarts: number;
}

export class SimulatedSlurm {
  readonly folder = new MemoryJobFolder();
  /** Names of results in the store. */
  readonly done = new Set<string>();
  readonly calls: { readonly command: string; readonly args: readonly string[]; readonly at: number }[] = [];
  mostRunning = 0;
  /** What the next calls of sbatch answer instead of taking the job. */
  readonly refusals: string[] = [];
  /** Of ended jobs the controller knows nothing more. */
  isForgetful = false;
  /** Of every command: the controller does not answer. */
  isSilent = false;
  readonly #clock: VirtualClock;
  readonly #cluster: SimulatedCluster;
  readonly #jobs = new Map<string, Job>();
  /** Not ended, in the order of submission. */
  readonly #queue = new Set<Job>();
  #free: string[];
  #nextJob = 1;

  constructor(clock: VirtualClock, cluster: SimulatedCluster) {
    this.#clock = clock;
    this.#cluster = cluster;
    this.#free = Array.from({ length: cluster.machines }, (_, index) => `n${index + 1}`);
  }

  get inQueue(): number {
    return this.#queue.size;
  }

  readonly run: RunCommand = (command, args) => {
    this.calls.push({ command, args, at: this.#clock.now() });
    if (this.isSilent) return Promise.resolve(failure(`${command}: error: Unable to contact slurm controller (connect failure)`));
    switch (command) {
      case 'sbatch':
        return Promise.resolve(this.#submit(args));
      case 'squeue':
        return Promise.resolve(success(this.#list()));
      case 'scancel':
        for (const id of args.filter((argument) => !argument.startsWith('--'))) this.cancel(id);
        return Promise.resolve(success(''));
      case 'scontrol':
        return Promise.resolve(this.#describe(args.at(-1) ?? ''));
      default:
        return Promise.reject(Object.assign(new Error(`no ${command}`), { code: 'ENOENT' }));
    }
  };

  cancel(id: string): void {
    const job = this.#jobs.get(id);
    if (job !== undefined && this.#queue.has(job)) this.#end(job, 'CANCELLED');
  }

  #submit(args: readonly string[]): CommandResult {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return failure(`sbatch: error: ${refusal}`);
    const value = (name: string): string => args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
    const id = `${this.#nextJob++}`;
    const comment = value('comment');
    const dependency = /^(afterok|aftercorr):(\d+)(?:_(\d+))?$/.exec(value('dependency'));
    for (const task of expandTasks(`${id}_[${value('array')}]`)) {
      const index = Number(task.split('_')[1]);
      const parent = dependency === null ? [] : [`${dependency[2] ?? ''}_${dependency[3] ?? index}`];
      const job: Job = {
        id: task,
        name: `${comment}-${index}`,
        submission: Number(comment),
        index,
        comment,
        jobName: value('job-name'),
        parents: parent,
        state: 'PENDING',
        reason: 'Priority',
        host: '',
        restarts: 0,
      };
      this.#jobs.set(task, job);
      this.#queue.add(job);
    }
    this.#schedule();
    return success(`${id}\n`);
  }

  #schedule(): void {
    for (const job of [...this.#queue]) {
      if (job.state !== 'PENDING') continue;
      const parents = job.parents.flatMap((parent) => this.#jobs.get(parent) ?? []);
      if (parents.some(({ state }) => state === 'FAILED' || state === 'CANCELLED' || state === 'TIMEOUT')) {
        job.reason = 'DependencyNeverSatisfied';
        this.#end(job, 'CANCELLED');
      } else if (parents.some(({ state }) => state !== 'COMPLETED')) job.reason = 'Dependency';
      else {
        job.reason = this.#cluster.reason ?? 'Priority';
        const host = this.#free.shift();
        if (host !== undefined) this.#start(job, host);
      }
    }
  }

  #start(job: Job, host: string): void {
    job.state = 'RUNNING';
    job.reason = 'None';
    job.host = host;
    this.mostRunning = Math.max(this.mostRunning, this.#cluster.machines - this.#free.length);
    this.folder.ends.delete(job.name);
    this.folder.starts.set(job.name, { version: 1, job: job.id, host, processor: 'simulated', restarts: job.restarts });
    this.folder.say(job.name, this.#cluster.eventsOf?.(job) ?? []);
    const { milliseconds, how } = this.#cluster.endOf(job, job.restarts);
    const { restarts } = job;
    void this.#clock.wait(milliseconds).then(() => {
      if (job.state !== 'RUNNING' || job.restarts !== restarts) return;
      if (how === 'lost') return this.#putBack(job);
      const record = recordOf(how, milliseconds);
      if (record !== undefined) this.folder.ends.set(job.name, { version: 1, host, ...record });
      if (how === 'done') this.done.add(job.name);
      this.#end(job, how === 'done' ? 'COMPLETED' : how === 'timeout' ? 'TIMEOUT' : 'FAILED');
    });
  }

  #putBack(job: Job): void {
    this.#free.push(job.host);
    job.state = 'PENDING';
    job.reason = 'BeginTime';
    job.host = '';
    job.restarts++;
    void this.#clock.wait(30_000).then(() => this.#schedule());
  }

  #end(job: Job, state: Job['state']): void {
    if (job.state === 'RUNNING') this.#free.push(job.host);
    job.state = state;
    this.#queue.delete(job);
    this.#schedule();
  }

  /** Tasks that wait in one line, as squeue prints them. */
  #list(): string {
    const waiting = new Map<string, Job[]>();
    const lines: string[] = [];
    for (const job of this.#queue) {
      if (job.state === 'RUNNING') lines.push(`${job.id}|RUNNING|None|${job.host}|${job.comment}`);
      else
        waiting.set(`${job.id.split('_')[0] ?? ''} ${job.reason}`, [
          ...(waiting.get(`${job.id.split('_')[0] ?? ''} ${job.reason}`) ?? []),
          job,
        ]);
    }
    for (const jobs of waiting.values()) {
      const [first] = jobs;
      const indices = describeIndices(jobs.map(({ index }) => index));
      lines.push(`${first?.id.split('_')[0] ?? ''}_[${indices}]|PENDING|${first?.reason ?? ''}||${first?.comment ?? ''}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #describe(id: string): CommandResult {
    if (id === 'config') return success('ClusterName = simulated\nMaxArraySize = 1001\nSLURM_VERSION = 22.05.8\n');
    const job = this.#jobs.get(id);
    if (job === undefined || (this.isForgetful && !this.#queue.has(job))) return failure('slurm_load_jobs error: Invalid job id specified');
    return success(`JobId=1 JobState=${job.state} Reason=${job.reason} ExitCode=0:0 TimeLimit=00:10:00 NodeList=${job.host}\n`);
  }
}

function recordOf(how: SimulatedEnd['how'], milliseconds: number): JobEnd | undefined {
  switch (how) {
    case 'done':
      return { outcome: 'done', cached: false, seconds: milliseconds / 1_000 };
    case 'failed':
      return { outcome: 'failed', code: 'diverged', message: 'the loss is not a number' };
    case 'killed':
      return { outcome: 'killed', exitCode: 137 };
    case 'timeout':
      return { outcome: 'stopped' };
    case 'lost':
    case 'vanished':
      return undefined;
  }
}

const success = (stdout: string): CommandResult => ({ code: 0, stdout, stderr: '' });
const failure = (stderr: string): CommandResult => ({ code: 1, stdout: '', stderr: `${stderr}\n` });

/** What jobs and host leave, without a disk. */
export class MemoryJobFolder implements JobFolder {
  readonly starts = new Map<string, StartRecord>();
  readonly ends = new Map<string, EndRecord>();
  readonly entries: LedgerEntry[] = [];
  /** Of every look at the folder: what a file system would be asked. */
  readonly asked = { listings: 0, names: 0, files: 0 };
  /** Throws at each look: the file system is stale. */
  failure: Error | undefined;
  /** What a job writes again and again while it runs. */
  progressOf: ((task: string) => JobEvent) | undefined;
  readonly #events = new Map<string, JobEvent[]>();

  say(task: string, events: readonly JobEvent[]): void {
    this.#events.set(task, [...(this.#events.get(task) ?? []), ...events]);
  }

  records(): Promise<ReadonlySet<string>> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.asked.listings++;
    this.asked.names += this.starts.size + this.ends.size;
    return Promise.resolve(
      new Set([
        ...[...this.starts.keys()].map((task) => `${task}.started.json`),
        ...[...this.ends.keys()].map((task) => `${task}.ended.json`),
      ]),
    );
  }

  startRecord(task: string): Promise<StartRecord | undefined> {
    this.asked.files++;
    return Promise.resolve(this.starts.get(task));
  }

  endRecord(task: string): Promise<EndRecord | undefined> {
    this.asked.files++;
    return Promise.resolve(this.ends.get(task));
  }

  events(task: string, offset: number): Promise<NewEvents> {
    this.asked.files++;
    const events = this.#events.get(task) ?? [];
    const progress = this.starts.has(task) ? this.progressOf?.(task) : undefined;
    return Promise.resolve({ events: [...events.slice(offset), ...(progress === undefined ? [] : [progress])], offset: events.length });
  }

  ledger(): Promise<readonly LedgerEntry[]> {
    return Promise.resolve(this.entries);
  }

  append(entry: LedgerEntry): void {
    this.entries.push(entry);
  }

  writeSubmission(submission: number): Promise<string> {
    return Promise.resolve(`/run/${submission}.sh`);
  }

  logFile(job: string): string {
    return `/run/logs/${job}.log`;
  }

  lastLines(job: string): Promise<readonly string[]> {
    return Promise.resolve([`the last line of ${job}`]);
  }
}
