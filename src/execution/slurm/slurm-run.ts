/**
 * The jobs of one run. Jobs need no host: what they do and leave is in the run's folder, and another host goes on from
 * there with those that an earlier one has submitted.
 */
import type { StageJob } from '../../core/tree/execution/executor.ts';
import type { JobArray, Place } from './arrays.ts';
import { JobWatch } from './job-watch.ts';
import { readLedger } from './ledger.ts';
import type { OpenTask } from './ledger.ts';
import { Silence } from './silence.ts';
import { arrayOf, Submitter } from './submitter.ts';
import { TaskReports } from './task-reports.ts';
import { Tasks } from './tasks.ts';
import type { ModelJobs, SlurmRunSettings } from './tasks.ts';

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
  readonly #tasks: Tasks;
  readonly #silence: Silence;
  readonly #reports: TaskReports;
  readonly #submitter: Submitter;
  readonly #watch: JobWatch;
  #earlier: Promise<EarlierJobs> | undefined;
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
    this.#watch = new JobWatch({ settings, tasks, reports, silence, submitter });
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
        this.#watch.wantCall();
      } else {
        if (known !== undefined) await this.#discard(known, id);
        fresh.push(job);
      }
    }
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
        this.#reports.append({ kind: 'submitted', submission, job: arrayOf(task) });
      }
    }
    return { open, found };
  }

  /** What it makes would be of other work: another recipe, another program. */
  async #discard({ place }: OpenTask, job: string | undefined): Promise<void> {
    if (job !== undefined) await this.#insist(() => this.#settings.commands.cancel([`${job}_${place.index}`]));
    this.#reports.append({ kind: 'ended', task: `${place.submission}-${place.index}` });
  }

  #insist<T>(ask: () => Promise<T>): Promise<T> {
    return this.#silence.insist(ask, () => this.#watch.isStopped);
  }
}
