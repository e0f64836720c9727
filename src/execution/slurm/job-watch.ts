/**
 * Looks what has become of the jobs of a run: at the records that they leave, and where these say nothing, at the
 * scheduler's queue. One watcher for all models.
 */
import { EspalierError } from '../../shared/errors.ts';
import { jobFiles } from '../job/job-request.ts';
import type { JobDone } from '../job/job-request.ts';
import type { QueuedTask } from './answers.ts';
import { SlurmBusy } from './commands.ts';
import { explainEnd, explainFailure } from './explain-end.ts';
import { newsOfQueue, newsOfStart } from './job-news.ts';
import { millisecondsBetweenCalls, millisecondsBetweenLooks } from './pace.ts';
import type { Silence } from './silence.ts';
import type { Submitter } from './submitter.ts';
import type { TaskReports } from './task-reports.ts';
import type { SlurmRunSettings, Task, Tasks } from './tasks.ts';

/** When nothing is known of a job, and someone waits for it. */
const LEAST_BETWEEN_CALLS = 2_000;
/** What another machine wrote may be seen a minute later. */
const MOST_DELAY_OF_FILES = 90_000;
/** How long a cancelled job may take to leave the queue. */
const MOST_DELAY_OF_CANCELLATION = 120_000;
/** What one look may cost, however many jobs there are: files of events, and questions about jobs that are gone. */
const MOST_EVENT_FILES = 16;
const MOST_QUESTIONS = 20;

export interface Watched {
  readonly settings: SlurmRunSettings;
  readonly tasks: Tasks;
  readonly reports: TaskReports;
  readonly silence: Silence;
  readonly submitter: Submitter;
}

export class JobWatch {
  readonly #settings: SlurmRunSettings;
  readonly #tasks: Tasks;
  readonly #reports: TaskReports;
  readonly #silence: Silence;
  readonly #submitter: Submitter;
  #isWatching = false;
  #isStopped = false;
  #lastCall = Number.NEGATIVE_INFINITY;
  #isCallWanted = false;
  #turn = 0;
  /** In the last listing of the records. */
  #names = 0;

  constructor({ settings, tasks, reports, silence, submitter }: Watched) {
    this.#settings = settings;
    this.#tasks = tasks;
    this.#reports = reports;
    this.#silence = silence;
    this.#submitter = submitter;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Begins, unless it goes on already; ends when there is nothing to watch. */
  start(): void {
    if (!this.#isWatching) void this.#watch();
  }

  /** Jobs go on, unwatched. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Soon: someone waits for what the scheduler knows. */
  wantCall(): void {
    this.#isCallWanted = true;
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    while (this.#tasks.size > 0) {
      await this.#settings.clock.wait(millisecondsBetweenLooks(this.#tasks.size, this.#names, this.#reports.quietLooks));
      if (this.#isStopped) break;
      this.#reports.quietLooks++;
      try {
        await this.#look();
      } catch (error) {
        // A stale or full file system mends, or the jobs fail with a message of their own: the host goes on looking.
        this.#silence.note(error);
      }
    }
    this.#isWatching = false;
  }

  async #look(): Promise<void> {
    const { folder, clock } = this.#settings;
    const records = await folder.records();
    this.#names = records.size;
    for (const task of this.#tasks.submitted()) {
      if (!task.isRunning && records.has(jobFiles.started(task.name))) await this.#noteStart(task);
      if (records.has(jobFiles.ended(task.name))) await this.#noteEnd(task);
      if (task.cancelledAt !== undefined && clock.now() - task.cancelledAt > MOST_DELAY_OF_CANCELLATION)
        this.#reports.end(task, { kind: 'cancelled' });
    }
    const pause = this.#isCallWanted ? LEAST_BETWEEN_CALLS : millisecondsBetweenCalls(this.#tasks.size, this.#reports.quietCalls);
    if (clock.now() - this.#lastCall >= pause) await this.#callQueue();
    await this.#relaySome();
    await this.#submitter.submitWaiting();
  }

  async #noteStart(task: Task): Promise<void> {
    const record = await this.#settings.folder.startRecord(task.name);
    if (record !== undefined) for (const news of newsOfStart(task, record)) this.#reports.report(task, news);
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
      this.#silence.note(error);
      return;
    }
    this.#silence.end();
    this.#reports.quietCalls++;
    const byTask = new Map(queue.map((queued) => [queued.task, queued]));
    let questions = 0;
    for (const task of submitted) {
      const queued = byTask.get(task.id ?? '');
      if (queued !== undefined) for (const news of newsOfQueue(task, queued, clock.now())) this.#reports.report(task, news);
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
    if (task.cancelledAt !== undefined) return this.#reports.end(task, { kind: 'cancelled' });
    if (record?.outcome === 'failed') return this.#reports.end(task, { kind: 'failed', error: explainFailure(record, job, log) });
    const description = await commands.describe(job);
    // It never started, since its parent failed, which the walk hears from that.
    if (description?.reason === 'DependencyNeverSatisfied') return this.#reports.forget(task);
    task.missingSince ??= clock.now();
    const isKnown = record !== undefined || (description !== undefined && description.state !== 'COMPLETED');
    if (!isKnown && clock.now() - task.missingSince < MOST_DELAY_OF_FILES) {
      this.#isCallWanted = true;
      return;
    }
    if (await this.#finishFromStore(task, undefined)) return;
    const printed = await folder.lastLines(job);
    this.#reports.end(task, { kind: 'failed', error: explainEnd({ job, log, record, description, printed, options }) });
  }

  async #finish(task: Task, done: JobDone): Promise<void> {
    if (await this.#finishFromStore(task, done)) return;
    const { clock, folder } = this.#settings;
    task.missingSince ??= clock.now();
    if (clock.now() - task.missingSince < MOST_DELAY_OF_FILES) return;
    const error = new EspalierError('file-access', `job ${task.id ?? ''} is done, but its result cannot be seen from here`, {
      fix: `resume the run when the file system is in order; its log is ${folder.logFile(task.id ?? '')}`,
    });
    this.#reports.end(task, { kind: 'failed', error });
  }

  /** @param done what the job has left, where it has; its time is kept before the walk ends the run */
  async #finishFromStore(task: Task, done: JobDone | undefined): Promise<boolean> {
    const outcome = await task.model.result(task.job);
    if (outcome === undefined) return false;
    await this.#reports.relay(task);
    if (done !== undefined) await task.model.measured(task.job, done);
    this.#reports.end(task, { kind: 'done', outcome, cached: done?.cached ?? false });
    return true;
  }

  /** Of some of the running jobs, in turn: what a look costs does not grow with their number. */
  async #relaySome(): Promise<void> {
    const running = this.#tasks.all().filter(({ isRunning }) => isRunning);
    const count = Math.min(running.length, MOST_EVENT_FILES);
    for (let position = 0; position < count; position++) {
      const task = running[(this.#turn + position) % running.length];
      if (task !== undefined) await this.#reports.relay(task);
    }
    this.#turn = running.length === 0 ? 0 : (this.#turn + count) % running.length;
  }
}
