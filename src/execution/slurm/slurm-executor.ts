/** The stages of one model as jobs of Slurm. */
import type { Executor, JobReport, StageJob, StagePlace } from '../../core/tree/execution/executor.ts';
import type { ScheduledModel, ScheduledRun } from '../../core/tree/execution/scheduler.ts';
import type { StageOutcome } from '../../core/tree/stages/stage-runner.ts';
import { stageStore } from '../../core/tree/store/run-store.ts';
import { isEspalierError } from '../../shared/errors.ts';
import type { TreeEntry, TreeNode } from '../../shared/tree.ts';
import type { JobDone, JobRequest } from '../job/job-request.ts';
import { ReportQueue } from '../report-queue.ts';
import { planArrays } from './arrays.ts';
import type { JobArray } from './arrays.ts';
import type { ClusterFacts } from './commands.ts';
import type { RunJobFolder } from './job-folder.ts';
import { batchScript, sbatchArguments } from './sbatch.ts';
import type { Dependency } from './sbatch.ts';
import type { SlurmRun } from './slurm-run.ts';
import { lengthOf, proposeMinutes } from './stage-times.ts';
import type { StageTime, StageTimes } from './stage-times.ts';
import type { ModelJobs } from './tasks.ts';

export interface SlurmStages {
  readonly run: SlurmRun;
  readonly folder: RunJobFolder;
  readonly facts: ClusterFacts;
  /** Of all jobs of the run. */
  readonly name: string;
  readonly scheduled: ScheduledRun;
  readonly model: ScheduledModel;
  readonly place: StagePlace;
  /** The worker's bundle. */
  readonly program: string;
  /** The Node.js that runs it. */
  readonly node: string;
  readonly times: StageTimes;
}

/** Slurm's own limit of an array is asked for; the queue of one run is kept below this anyway. */
const MOST_TASKS = 1_000;

export class SlurmExecutor implements Executor, ModelJobs {
  readonly #stages: SlurmStages;
  readonly #reports = new ReportQueue();
  #isChecked = false;
  #stamp: Promise<string | undefined> | undefined;

  constructor(stages: SlurmStages) {
    this.#stages = stages;
  }

  get model(): string {
    return this.#stages.place.model;
  }

  async submit(jobs: readonly StageJob[]): Promise<void> {
    if (!this.#isChecked && !(await this.#check(jobs))) return;
    this.#isChecked = true;
    const times = await this.#stages.times.read(this.#stages.place.cacheFolder);
    await this.#stages.run.add(this, jobs, (fresh, firstSubmission, placeOf) =>
      planArrays(fresh, {
        firstSubmission,
        placeOf,
        mostTasks: Math.min(this.#stages.facts.mostArrayTasks - 1, this.#stages.scheduled.execution.mostJobs ?? MOST_TASKS),
        demandOf: (job) => ({ minutes: this.#minutesOf(job, times) }),
      }),
    );
  }

  status(): Promise<readonly JobReport[]> {
    return this.#reports.take();
  }

  cancel(): Promise<void> {
    return this.#stages.run.cancel(this);
  }

  logs(node: string): Promise<readonly string[]> {
    return this.#stages.run.lastLines(this, node);
  }

  readonly report: ModelJobs['report'] = (node, news) => this.#reports.push(node, news);

  async result({ entry: { node }, key }: StageJob): Promise<StageOutcome | undefined> {
    const { model, runFolder, cacheFolder } = this.#stages.place;
    const warn = (message: string): void => this.report(node.id, { kind: 'warning', message });
    return (await stageStore({ runFolder, cacheFolder, model, node: node.id, key, warn }).find(true))?.outcome;
  }

  async measured(job: StageJob, { seconds, training, cached }: JobDone): Promise<void> {
    if (cached) return;
    const { scheduled, model, place, times } = this.#stages;
    const { technique } = job.entry.node;
    const time = { model: model.model, technique, threads: scheduled.engine.threads, seconds, training, asked: lengthOf(job) };
    await times.add(place.cacheFolder, time);
  }

  async prepare(array: JobArray, dependency: Dependency | undefined): Promise<readonly string[]> {
    const { folder, name, scheduled, program, node, place, model } = this.#stages;
    const { execution, engine, latency } = scheduled;
    const request: JobRequest = {
      version: 1,
      code: scheduled.code,
      engine,
      runtime: scheduled.runtime,
      stageData: execution.stage ?? false,
      model: model.model,
      data: model.data,
      dataStamp: await (this.#stamp ??= model.stamp()),
      place,
      tasks: array.tasks.map(({ index, job }) => ({ index, job: { ...job, entry: withoutChildren(job.entry) } })),
    };
    const script = await folder.writeSubmission(array.submission, request, (requestFile) =>
      batchScript({
        node: execution.node ?? node,
        program,
        request: requestFile,
        records: folder.recordFolder,
        submission: `${array.submission}`,
        setup: execution.setup ?? [],
      }),
    );
    return sbatchArguments({
      name,
      comment: `${array.submission}`,
      script,
      logFolder: folder.logFolder,
      indices: array.tasks.map(({ index }) => index),
      dependency,
      threads: engine.threads,
      exclusive: execution.exclusive ?? latency,
      minutes: array.demand.minutes,
      options: execution,
    });
  }

  /** The mistakes that a job would only make after hours in a queue. */
  async #check(jobs: readonly StageJob[]): Promise<boolean> {
    try {
      await this.#stages.model.check();
      return true;
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      const own = new Set(jobs.map(({ entry }) => entry.node.id));
      for (const { entry } of jobs) {
        if (entry.parent === undefined || !own.has(entry.parent.id)) this.report(entry.node.id, { kind: 'failed', error });
      }
      return false;
    }
  }

  #minutesOf(job: StageJob, times: readonly StageTime[]): number | undefined {
    const { scheduled, model } = this.#stages;
    if (scheduled.execution.time !== undefined) return undefined;
    const { technique, fineTuned: isTrained } = job.entry.node;
    return proposeMinutes(times, { model: model.model, technique, isTrained, threads: scheduled.engine.threads, asked: lengthOf(job) });
  }
}

/** A job needs the node alone; below the root hangs the whole tree. */
function withoutChildren({ node, parent, level }: TreeEntry): TreeEntry {
  const alone = (whole: TreeNode): TreeNode => ({ ...whole, children: [] });
  return { node: alone(node), parent: parent && alone(parent), level };
}
