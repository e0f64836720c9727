/**
 * The jobs of one run: submits them as the scheduler has room, looks what has become of them, and tells each model's
 * walk. Jobs need no host: what they do and leave is in the run's folder, and another host goes on from there.
 */
import type { JobNews, StageJob } from '../../core/tree/execution/executor.ts';
import { EspalierError } from '../../shared/errors.ts';
import { jobFiles } from '../job/job-request.ts';
import type { JobDone } from '../job/job-request.ts';
import type { QueuedTask } from './answers.ts';
import type { JobArray, Place } from './arrays.ts';
import { SlurmBusy } from './commands.ts';
import { explainEnd, explainFailure } from './explain-end.ts';
import { newsOfQueue, newsOfStart } from './job-news.ts';
import { readLedger } from './ledger.ts';
import type { LedgerEntry, OpenTask } from './ledger.ts';
import { millisecondsBetweenCalls, millisecondsBetweenLooks } from './pace.ts';
import { arrayOf, Submitter } from './submitter.ts';
import { nodeKey, Tasks } from './tasks.ts';
import type { ModelJobs, SlurmRunSettings, Task } from './tasks.ts';

/** When nothing is known of a job, and someone waits for it. */
const LEAST_BETWEEN_CALLS = 2_000;
const RETRY_MILLISECONDS = 10_000;
/** What another machine wrote may be seen a minute later. */
const MOST_DELAY_OF_FILES = 90_000;
/** How long a cancelled job may take to leave the queue. */
const MOST_DELAY_OF_CANCELLATION = 120_000;
/** Of scheduler or file system, before it is said: a controller that restarts is silent for minutes. */
const MOST_SILENCE = 300_000;
/** What one look may cost, however many jobs there are: files of events, and questions about jobs that are gone. */
const MOST_EVENT_FILES = 16;
const MOST_QUESTIONS = 20;

export type PlanArrays = (
  jobs: readonly StageJob[],
  firstSubmission: number,
  placeOf: (node: string) => Place | undefined,
) => readonly JobArray[];

interface EarlierJobs {
  readonly open: readonly OpenTask[];
  /** Ids by submission, of those whose host ended before it read them. */
  readonly found: ReadonlyMap<number, string>;
}

export class SlurmRun {
  readonly #settings: SlurmRunSettings;
  readonly #tasks = new Tasks();
  readonly #submitter: Submitter;
  /** Ids of ended jobs by node, for their logs. */
  readonly #logs = new Map<string, string>();
  #earlier: Promise<EarlierJobs> | undefined;
  #nextSubmission = 1;
  #isWatching = false;
  #isStopped = false;
  #lastCall = Number.NEGATIVE_INFINITY;
  #isCallWanted = false;
  /** Calls, and looks, in a row that brought nothing new. */
  #quietCalls = 0;
  #quietLooks = 0;
  #turn = 0;
  #silentSince: number | undefined;
  #isSilenceTold = false;

  constructor(settings: SlurmRunSettings) {
    this.#settings = settings;
    this.#submitter = new Submitter(settings, this.#tasks, {
      refused: (task, error) => this.#end(task, { kind: 'failed', error }),
      busy: (message) => this.#noteSilence(message),
    });
  }

  /**
   * Takes jobs of a model: those that an earlier host has submitted are followed, `plan` makes arrays of the others.
   *
   * @throws EspalierError `file-access` where the run's folder cannot be read or written
   */
  async add(model: ModelJobs, jobs: readonly StageJob[], plan: PlanArrays): Promise<void> {
    const { open, found } = await (this.#earlier ??= this.#findEarlier());
    const earlier = new Map(open.filter((task) => task.model === model.model).map((task) => [task.node, task]));
    const fresh: StageJob[] = [];
    for (const job of jobs) {
      const known = earlier.get(job.entry.node.id);
      earlier.delete(job.entry.node.id);
      const id = known === undefined ? undefined : (known.job ?? found.get(known.place.submission));
      if (known !== undefined && id !== undefined && known.key === job.key) {
        this.#tasks.add({ model, job, place: known.place, user: known.user }, id, known.relayed);
        this.#isCallWanted = true;
      } else {
        if (known !== undefined) await this.#discard(known, id);
        fresh.push(job);
      }
    }
    const arrays = plan(fresh, this.#nextSubmission, (node) => this.#tasks.ofNode(model.model, node)?.place);
    this.#nextSubmission = Math.max(this.#nextSubmission, ...arrays.map(({ submission }) => submission + 1));
    this.#submitter.add(model, arrays);
    await this.#submitter.submitWaiting();
    if (!this.#isWatching) void this.#watch();
  }

  /** Takes all jobs of a model out of the queue; their ends are reported as they leave it. */
  async cancel(model: ModelJobs): Promise<void> {
    this.#submitter.drop(model);
    const tasks = this.#tasks.all().filter((task) => task.model === model);
    for (const task of tasks) {
      if (task.id === undefined) this.#end(task, { kind: 'cancelled' });
      else task.cancelledAt = this.#settings.clock.now();
    }
    this.#isCallWanted = true;
    await this.#insist(() => this.#settings.commands.cancel(tasks.flatMap(({ id }) => id ?? [])));
  }

  /** Of what the job of a node has printed. */
  lastLines(model: ModelJobs, node: string): Promise<readonly string[]> {
    const id = this.#logs.get(nodeKey(model.model, node));
    return id === undefined ? Promise.resolve([]) : this.#settings.folder.lastLines(id);
  }

  /** Jobs go on, unwatched. */
  stop(): void {
    this.#isStopped = true;
  }

  async #findEarlier(): Promise<EarlierJobs> {
    const { folder, commands, name } = this.#settings;
    const { open, nextSubmission } = readLedger(await folder.ledger());
    this.#nextSubmission = Math.max(this.#nextSubmission, nextSubmission);
    const found = new Map<number, string>();
    if (open.some(({ job }) => job === undefined)) {
      const users = [...new Set(open.map(({ user }) => user))];
      for (const { comment, task } of await this.#insist(() => commands.queue(name, users))) {
        const submission = Number(comment);
        if (!Number.isInteger(submission) || found.has(submission)) continue;
        found.set(submission, arrayOf(task));
        this.#append({ kind: 'submitted', submission, job: arrayOf(task) });
      }
    }
    return { open, found };
  }

  /** What it makes would be of other work: another recipe, another program. */
  async #discard({ place }: OpenTask, job: string | undefined): Promise<void> {
    if (job !== undefined) await this.#insist(() => this.#settings.commands.cancel([`${job}_${place.index}`]));
    this.#append({ kind: 'ended', task: `${place.submission}-${place.index}` });
  }

  /** Until the scheduler answers. */
  async #insist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof SlurmBusy) || this.#isStopped) throw error;
        this.#noteSilence(error.message);
        await this.#settings.clock.wait(RETRY_MILLISECONDS);
      }
    }
  }

  /** One watcher for all models, as long as there is something to watch. */
  async #watch(): Promise<void> {
    this.#isWatching = true;
    while (this.#tasks.size > 0) {
      await this.#settings.clock.wait(millisecondsBetweenLooks(this.#tasks.size, this.#quietLooks));
      if (this.#isStopped) break;
      this.#quietLooks++;
      try {
        await this.#look();
      } catch (error) {
        // A stale or full file system mends, or the jobs fail with a message of their own: the host goes on looking.
        this.#noteSilence(error instanceof Error ? error.message : String(error));
      }
    }
    this.#isWatching = false;
  }

  async #look(): Promise<void> {
    const { folder, clock } = this.#settings;
    const records = await folder.records();
    for (const task of this.#tasks.submitted()) {
      if (!task.isRunning && records.has(jobFiles.started(task.name))) await this.#noteStart(task);
      if (records.has(jobFiles.ended(task.name))) await this.#noteEnd(task);
      if (task.cancelledAt !== undefined && clock.now() - task.cancelledAt > MOST_DELAY_OF_CANCELLATION)
        this.#end(task, { kind: 'cancelled' });
    }
    const pause = this.#isCallWanted ? LEAST_BETWEEN_CALLS : millisecondsBetweenCalls(this.#tasks.size, this.#quietCalls);
    if (clock.now() - this.#lastCall >= pause) await this.#callQueue();
    await this.#relaySome();
    await this.#submitter.submitWaiting();
  }

  async #noteStart(task: Task): Promise<void> {
    const record = await this.#settings.folder.startRecord(task.name);
    if (record !== undefined) for (const news of newsOfStart(task, record)) this.#report(task, news);
  }

  async #noteEnd(task: Task): Promise<void> {
    const record = await this.#settings.folder.endRecord(task.name);
    if (record?.outcome === 'done') await this.#finish(task, record);
    // Any other end counts once the job has left the queue: the scheduler may start it again.
    else this.#isCallWanted = true;
  }

  async #callQueue(): Promise<void> {
    const { commands, clock, name } = this.#settings;
    const submitted = this.#tasks.submitted();
    if (submitted.length === 0) return;
    this.#lastCall = clock.now();
    this.#isCallWanted = false;
    let queue: readonly QueuedTask[];
    try {
      queue = await commands.queue(name, [...new Set(submitted.map(({ user }) => user))]);
    } catch (error) {
      if (!(error instanceof SlurmBusy)) throw error;
      this.#noteSilence(error.message);
      return;
    }
    this.#silentSince = undefined;
    this.#quietCalls++;
    const byTask = new Map(queue.map((queued) => [queued.task, queued]));
    let questions = 0;
    for (const task of submitted) {
      const queued = byTask.get(task.id ?? '');
      if (queued !== undefined) for (const news of newsOfQueue(task, queued, clock.now())) this.#report(task, news);
      else if (questions++ < MOST_QUESTIONS) await this.#explainMissing(task);
      else this.#isCallWanted = true;
    }
  }

  /** It is in the queue no more, and no record has said that it is done. */
  async #explainMissing(task: Task): Promise<void> {
    const { folder, commands, clock, options } = this.#settings;
    const job = task.id ?? '';
    const log = folder.logFile(job);
    const record = await folder.endRecord(task.name);
    if (record?.outcome === 'done') return this.#finish(task, record);
    if (task.cancelledAt !== undefined) return this.#end(task, { kind: 'cancelled' });
    if (record?.outcome === 'failed') return this.#end(task, { kind: 'failed', error: explainFailure(record, job, log) });
    const description = await commands.describe(job);
    // It never started, since its parent failed, which the walk hears from that.
    if (description?.reason === 'DependencyNeverSatisfied') return this.#forget(task);
    task.missingSince ??= clock.now();
    const isKnown = record !== undefined || (description !== undefined && description.state !== 'COMPLETED');
    if (!isKnown && clock.now() - task.missingSince < MOST_DELAY_OF_FILES) {
      this.#isCallWanted = true;
      return;
    }
    if (!(await this.#finishFromStore(task, false)))
      this.#end(task, { kind: 'failed', error: explainEnd({ job, log, record, description, options }) });
  }

  async #finish(task: Task, done: JobDone): Promise<void> {
    if (await this.#finishFromStore(task, done.cached)) {
      await task.model.measured(task.job, done);
      return;
    }
    const { clock, folder } = this.#settings;
    task.missingSince ??= clock.now();
    if (clock.now() - task.missingSince < MOST_DELAY_OF_FILES) return;
    const error = new EspalierError('file-access', `job ${task.id ?? ''} is done, but its result cannot be seen from here`, {
      fix: `resume the run when the file system is in order; its log is ${folder.logFile(task.id ?? '')}`,
    });
    this.#end(task, { kind: 'failed', error });
  }

  async #finishFromStore(task: Task, cached: boolean): Promise<boolean> {
    const outcome = await task.model.result(task.job);
    if (outcome === undefined) return false;
    await this.#relay(task);
    this.#end(task, { kind: 'done', outcome, cached });
    return true;
  }

  #end(task: Task, news: JobNews): void {
    this.#forget(task);
    if (task.id !== undefined) this.#logs.set(nodeKey(task.model.model, task.job.entry.node.id), task.id);
    this.#report(task, news);
    if (news.kind === 'failed') this.#loseChildren(task);
  }

  /** Those that wait for it never start: the scheduler drops the submitted ones, the others are not submitted. */
  #loseChildren(parent: Task): void {
    for (const task of this.#tasks.all()) {
      if (task.model !== parent.model || task.job.entry.parent?.id !== parent.job.entry.node.id) continue;
      this.#forget(task);
      this.#loseChildren(task);
    }
  }

  #forget(task: Task): void {
    this.#tasks.remove(task);
    if (task.id !== undefined) this.#append({ kind: 'ended', task: task.name });
  }

  #report(task: Task, news: JobNews): void {
    this.#quietLooks = 0;
    if (news.kind !== 'progress') this.#quietCalls = 0;
    task.model.report(task.job.entry.node.id, news);
  }

  /** Of some of the running jobs, in turn: what a look costs does not grow with their number. */
  async #relaySome(): Promise<void> {
    const running = this.#tasks.all().filter(({ isRunning }) => isRunning);
    const count = Math.min(running.length, MOST_EVENT_FILES);
    for (let position = 0; position < count; position++) {
      const task = running[(this.#turn + position) % running.length];
      if (task !== undefined) await this.#relay(task);
    }
    this.#turn = running.length === 0 ? 0 : (this.#turn + count) % running.length;
  }

  /** All warnings, and of the progress the latest. */
  async #relay(task: Task): Promise<void> {
    const { events, offset } = await this.#settings.folder.events(task.name, task.offset);
    task.offset = offset;
    const warnings = events.filter(({ kind }) => kind === 'warning');
    const progress = events.findLast(({ kind }) => kind === 'progress');
    for (const event of [...warnings, ...(progress === undefined ? [] : [progress])]) this.#report(task, event);
    if (warnings.length > 0) this.#append({ kind: 'relayed', task: task.name, offset });
  }

  /** What is not in the ledger is only looked at once more by the next host: no reason to give up this one. */
  #append(entry: LedgerEntry): void {
    try {
      this.#settings.folder.append(entry);
    } catch (error) {
      this.#noteSilence(error instanceof Error ? error.message : String(error));
    }
  }

  /** Told once. */
  #noteSilence(message: string): void {
    const now = this.#settings.clock.now();
    this.#silentSince ??= now;
    if (this.#isSilenceTold || now - this.#silentSince < MOST_SILENCE) return;
    const [task] = this.#tasks.all();
    if (task === undefined) return;
    this.#isSilenceTold = true;
    const warning = `nothing could be learnt of the jobs for ${MOST_SILENCE / 60_000} minutes: ${message}; they go on, and are looked for again and again`;
    task.model.report(task.job.entry.node.id, { kind: 'warning', message: warning });
  }
}
