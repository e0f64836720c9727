/** The jobs of a run that have been planned and whose ends have not been reported. */
import type { JobNews, StageJob } from '../../core/tree/execution/executor.ts';
import type { StageOutcome } from '../../core/tree/stages/stage-runner.ts';
import type { SlurmOptions } from '../../shared/recipe/execution.ts';
import { taskName } from '../job/job-request.ts';
import type { JobDone } from '../job/job-request.ts';
import type { JobArray, Place } from './arrays.ts';
import type { SlurmCommands } from './commands.ts';
import type { JobFolder } from './job-folder.ts';
import type { Clock } from './pace.ts';
import type { Dependency } from './sbatch.ts';

export interface SlurmRunSettings {
  readonly commands: SlurmCommands;
  readonly folder: JobFolder;
  readonly clock: Clock;
  /** Name of all jobs of the run. */
  readonly name: string;
  /** Who submits. */
  readonly user: string;
  readonly options: SlurmOptions;
}

/** How one model submits its arrays, finds its results and hears of its jobs. */
export interface ModelJobs {
  readonly model: string;
  /** Writes what the array is to do; returns the arguments for sbatch. */
  prepare(array: JobArray, dependency: Dependency | undefined): Promise<readonly string[]>;
  /** From the store; undefined where there is none. */
  result(job: StageJob): Promise<StageOutcome | undefined>;
  report(node: string, news: JobNews): void;
  /** What a finished stage has taken. */
  measured(job: StageJob, done: JobDone): Promise<void>;
}

export interface Task {
  readonly model: ModelJobs;
  readonly job: StageJob;
  readonly place: Place;
  /** `4-0`, of its files. */
  readonly name: string;
  readonly user: string;
  /** `12_3`; undefined until the scheduler has taken it. */
  id: string | undefined;
  isRunning: boolean;
  /** How often it was put back into the queue, as far as this host has seen. */
  returns: number;
  /** Why it waits, as last reported, and when that was. */
  reason: string | undefined;
  reasonSince: number;
  /** In its file of events: what is before has been reported. */
  offset: number;
  /** When it was first missing from the queue, with nothing to say why. */
  missingSince: number | undefined;
  cancelledAt: number | undefined;
}

export class Tasks {
  readonly #byName = new Map<string, Task>();
  readonly #byNode = new Map<string, Task>();
  readonly #arrays = new Map<number, string>();

  get size(): number {
    return this.#byName.size;
  }

  all(): readonly Task[] {
    return [...this.#byName.values()];
  }

  submitted(): readonly Task[] {
    return this.all().filter(({ id }) => id !== undefined);
  }

  at(place: Place): Task | undefined {
    return this.#byName.get(taskName(place));
  }

  ofNode(model: string, node: string): Task | undefined {
    return this.#byNode.get(nodeKey(model, node));
  }

  /** Id of an array, once it has one. */
  arrayOf(submission: number): string | undefined {
    return this.#arrays.get(submission);
  }

  add(task: Pick<Task, 'model' | 'job' | 'place' | 'user'>, job?: string, offset = 0): void {
    const { place, model } = task;
    const added: Task = {
      ...task,
      name: taskName(place),
      id: undefined,
      isRunning: false,
      returns: 0,
      reason: undefined,
      reasonSince: Number.NEGATIVE_INFINITY,
      offset,
      missingSince: undefined,
      cancelledAt: undefined,
    };
    this.#byName.set(added.name, added);
    this.#byNode.set(nodeKey(model.model, task.job.entry.node.id), added);
    if (job !== undefined) this.submittedAs(place.submission, job, [added]);
  }

  submittedAs(submission: number, job: string, tasks: readonly Task[]): void {
    this.#arrays.set(submission, job);
    for (const task of tasks) task.id = `${job}_${task.place.index}`;
  }

  remove(task: Task): void {
    this.#byName.delete(task.name);
    this.#byNode.delete(nodeKey(task.model.model, task.job.entry.node.id));
  }

  has(task: Task): boolean {
    return this.#byName.get(task.name) === task;
  }
}

export function nodeKey(model: string, node: string): string {
  return `${model}\n${node}`;
}

/** `12` of `12_3`. */
export function arrayOf(task: string): string {
  return task.split('_')[0] ?? task;
}
