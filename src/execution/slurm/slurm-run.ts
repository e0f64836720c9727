/**
 * The jobs of one run. Jobs need no host: what they do and leave is in the run's folder, and another host goes on from
 * there with those that an earlier one has submitted.
 */
import type { StageJob } from '../../core/tree/execution/executor.ts';
import type { JobArray, Place } from './arrays.ts';
import { EarlierJobs } from './earlier-jobs.ts';
import { JobWatch } from './job-watch.ts';
import { Silence } from './silence.ts';
import { Submitter } from './submitter.ts';
import { TaskReports } from './task-reports.ts';
import { Tasks } from './tasks.ts';
import type { ModelJobs, SlurmRunSettings } from './tasks.ts';

export type PlanArrays = (
  jobs: readonly StageJob[],
  firstSubmission: number,
  placeOf: (node: string) => Place | undefined,
) => readonly JobArray[];

export class SlurmRun {
  readonly #settings: SlurmRunSettings;
  readonly #tasks: Tasks;
  readonly #silence: Silence;
  readonly #reports: TaskReports;
  readonly #submitter: Submitter;
  readonly #watch: JobWatch;
  readonly #earlier: EarlierJobs;
  #nextSubmission = 1;

  constructor(settings: SlurmRunSettings) {
    const tasks = new Tasks();
    const silence = new Silence(settings.clock, tasks);
    const reports = new TaskReports(settings.folder, tasks, silence);
    const submitter = new Submitter(settings, tasks, {
      refused: (task, error) => reports.end(task, { kind: 'failed', error }),
      busy: (message) => silence.note(message),
    });
    this.#settings = settings;
    this.#tasks = tasks;
    this.#silence = silence;
    this.#reports = reports;
    this.#submitter = submitter;
    this.#earlier = new EarlierJobs(settings, reports, (ask) => this.#insist(ask));
    this.#watch = new JobWatch({ settings, tasks, reports, silence, submitter });
  }

  /**
   * Takes jobs of a model: those that an earlier host has submitted are followed, `plan` makes arrays of the others.
   *
   * @throws EspalierError `file-access` where the run's folder cannot be read or written
   */
  async add(model: ModelJobs, jobs: readonly StageJob[], plan: PlanArrays): Promise<void> {
    const { followed, fresh } = await this.#earlier.sort(model, jobs);
    for (const { job, task, id } of followed) this.#tasks.add({ model, job, place: task.place, user: task.user }, id, task.relayed);
    if (followed.length > 0) this.#watch.wantCall();
    this.#nextSubmission = Math.max(this.#nextSubmission, this.#earlier.nextSubmission);
    const arrays = plan(fresh, this.#nextSubmission, (node) => this.#tasks.ofNode(model.model, node)?.place);
    this.#nextSubmission = Math.max(this.#nextSubmission, ...arrays.map(({ submission }) => submission + 1));
    this.#submitter.add(model, arrays);
    await this.#submitter.submitWaiting();
    this.#watch.start();
  }

  /** Takes all jobs of a model out of the queue; their ends are reported as they leave it. */
  async cancel(model: ModelJobs): Promise<void> {
    this.#submitter.drop(model);
    const tasks = this.#tasks.all().filter((task) => task.model === model);
    for (const task of tasks) {
      if (task.id === undefined) this.#reports.end(task, { kind: 'cancelled' });
      else task.cancelledAt = this.#settings.clock.now();
    }
    this.#watch.wantCall();
    await this.#insist(() => this.#settings.commands.cancel(tasks.flatMap(({ id }) => id ?? [])));
  }

  /** Of what the job of a node has printed. */
  lastLines(model: ModelJobs, node: string): Promise<readonly string[]> {
    return this.#reports.lastLines(model, node);
  }

  /** Jobs go on, unwatched. */
  stop(): void {
    this.#watch.stop();
  }

  #insist<T>(ask: () => Promise<T>): Promise<T> {
    return this.#silence.insist(ask, () => this.#watch.isStopped);
  }
}
