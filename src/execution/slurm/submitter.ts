/** Hands arrays to sbatch as the scheduler has room, parents before children, and keeps the ledger of them. */
import type { StageJob } from '../../core/tree/execution/executor.ts';
import { isEspalierError } from '../../shared/errors.ts';
import type { JobArray } from './arrays.ts';
import { SlurmBusy } from './commands.ts';
import { SubmissionBudget } from './pace.ts';
import type { Dependency } from './sbatch.ts';
import { arrayOf } from './tasks.ts';
import type { ModelJobs, SlurmRunSettings, Task, Tasks } from './tasks.ts';

/** Most in the queue at once, where the recipe does not say: schedulers limit what a user may submit. */
const MOST_JOBS = 1_000;

interface WaitingArray {
  readonly model: ModelJobs;
  readonly array: JobArray;
}

export interface SubmitterEvents {
  /** The scheduler will not take it, with these resources. */
  refused(task: Task, error: Error): void;
  /** The scheduler has no room, or does not answer. */
  busy(message: string): void;
}

export class Submitter {
  readonly #settings: SlurmRunSettings;
  readonly #tasks: Tasks;
  readonly #events: SubmitterEvents;
  readonly #budget: SubmissionBudget;
  #waiting: WaitingArray[] = [];
  #isSubmitting = false;

  constructor(settings: SlurmRunSettings, tasks: Tasks, events: SubmitterEvents) {
    this.#settings = settings;
    this.#tasks = tasks;
    this.#events = events;
    this.#budget = new SubmissionBudget(() => settings.clock.now());
  }

  add(model: ModelJobs, arrays: readonly JobArray[]): void {
    for (const array of arrays) {
      this.#waiting.push({ model, array });
      for (const { index, job } of array.tasks)
        this.#tasks.add({ model, job, place: { submission: array.submission, index }, user: this.#settings.user });
    }
  }

  /** Forgets what of a model has not been submitted. */
  drop(model: ModelJobs): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.model !== model);
  }

  /** As many as there is room and budget for. What cannot be submitted now waits for the next call. */
  async submitWaiting(): Promise<void> {
    if (this.#isSubmitting) return;
    this.#isSubmitting = true;
    try {
      for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
        if (!(await this.#submitNext(next))) return;
        const submitted = next;
        this.#waiting = this.#waiting.filter((waiting) => waiting !== submitted);
      }
    } finally {
      this.#isSubmitting = false;
    }
  }

  /** False where it has to wait. */
  async #submitNext({ model, array }: WaitingArray): Promise<boolean> {
    // Without those whose parents have failed in the meantime.
    const tasks = array.tasks.flatMap(({ index }) => this.#tasks.at({ submission: array.submission, index }) ?? []);
    if (tasks.length === 0) return true;
    const inQueue = this.#tasks.submitted().length;
    if (inQueue > 0 && inQueue + tasks.length > (this.#settings.options.mostJobs ?? MOST_JOBS)) return false;
    if (!this.#budget.take()) return false;
    const remaining = { ...array, tasks: tasks.map(({ place, job }) => ({ index: place.index, job })) };
    return this.#submit(model, remaining, tasks);
  }

  async #submit(model: ModelJobs, array: JobArray, tasks: readonly Task[]): Promise<boolean> {
    const { folder, commands, user } = this.#settings;
    const { submission } = array;
    try {
      const dependency = this.#dependencyOf(array);
      const args = await model.prepare(array, dependency);
      folder.append({
        kind: 'planned',
        submission,
        user,
        tasks: tasks.map(({ place, job }) => ({ index: place.index, model: model.model, node: nodeOf(job), key: job.key })),
      });
      const job = await this.#sbatch(submission, args);
      folder.append({ kind: 'submitted', submission, job });
      this.#tasks.submittedAs(submission, job, tasks);
      for (const task of tasks) {
        task.reason = dependency === undefined ? undefined : 'Dependency';
        model.report(nodeOf(task.job), { kind: 'queued', job: task.id ?? job, reason: task.reason });
      }
      // Cancelled while sbatch was at work.
      const unwanted = tasks.filter((task) => !this.#tasks.has(task));
      if (unwanted.length > 0) await commands.cancel(unwanted.flatMap(({ id }) => id ?? []));
      return true;
    } catch (error) {
      if (error instanceof SlurmBusy) {
        folder.append({ kind: 'refused', submission });
        this.#events.busy(error.message);
        return false;
      }
      if (!isEspalierError(error)) throw error;
      folder.append({ kind: 'refused', submission });
      for (const task of tasks) this.#events.refused(task, error);
      return true;
    }
  }

  /** Returns the id of the job, also where the controller took it and did not answer in time. */
  async #sbatch(submission: number, args: readonly string[]): Promise<string> {
    const { commands, name, user } = this.#settings;
    try {
      return await commands.submit(args);
    } catch (error) {
      if (!(error instanceof SlurmBusy)) throw error;
      const queue = await commands.queue(name, [user]).catch((): never => {
        throw error;
      });
      const found = queue.find(({ comment }) => comment === String(submission))?.task;
      if (found === undefined) throw error;
      return arrayOf(found);
    }
  }

  /** None where what it would wait for is done: the scheduler may have forgotten that. */
  #dependencyOf({ after, tasks }: JobArray): Dependency | undefined {
    if (after === undefined) return undefined;
    if (after.kind === 'task') {
      const id = this.#tasks.at(after.place)?.id;
      return id === undefined ? undefined : { kind: 'task', task: id };
    }
    const job = this.#tasks.arrayOf(after.submission);
    const isOpen = tasks.some(({ index }) => this.#tasks.at({ submission: after.submission, index }) !== undefined);
    return job === undefined || !isOpen ? undefined : { kind: 'corresponding', job };
  }
}

function nodeOf(job: StageJob): string {
  return job.entry.node.id;
}
