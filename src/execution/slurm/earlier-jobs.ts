/**
 * Jobs that an earlier host of the run has submitted, as its ledger names them. Those that go on, or have ended with
 * something to report, are followed; what has come to nothing while nobody looked is made again.
 */
import type { StageJob } from '../../core/tree/execution/executor.ts';
import { taskName } from '../job/job-request.ts';
import type { JobDescription } from './answers.ts';
import { explainEnd } from './explain-end.ts';
import { readLedger } from './ledger.ts';
import type { OpenTask } from './ledger.ts';
import type { TaskReports } from './task-reports.ts';
import { arrayOf } from './tasks.ts';
import type { ModelJobs, SlurmRunSettings } from './tasks.ts';

/** About jobs that are gone; of more of them only that they are. */
const MOST_QUESTIONS = 20;

export interface FollowedJob {
  readonly job: StageJob;
  readonly task: OpenTask;
  /** Of the array. */
  readonly id: string;
}

interface Earlier {
  readonly open: readonly OpenTask[];
  /** Ids by submission, of those whose host ended before it read them. */
  readonly found: ReadonlyMap<number, string>;
  /** Tasks that have not ended. */
  readonly queued: ReadonlySet<string>;
}

export class EarlierJobs {
  readonly #settings: SlurmRunSettings;
  readonly #reports: TaskReports;
  /** Asks the scheduler until it answers. */
  readonly #insist: <T>(ask: () => Promise<T>) => Promise<T>;
  #earlier: Promise<Earlier> | undefined;
  #nextSubmission = 1;
  #questions = 0;

  constructor(settings: SlurmRunSettings, reports: TaskReports, insist: <T>(ask: () => Promise<T>) => Promise<T>) {
    this.#settings = settings;
    this.#reports = reports;
    this.#insist = insist;
  }

  /** Above those of the ledger, once jobs have been sorted. */
  get nextSubmission(): number {
    return this.#nextSubmission;
  }

  /** Of jobs of a model, parents before children. */
  async sort(
    model: ModelJobs,
    jobs: readonly StageJob[],
  ): Promise<{ readonly followed: readonly FollowedJob[]; readonly fresh: readonly StageJob[] }> {
    const { open, found, queued } = await (this.#earlier ??= this.#find());
    const known = new Map(open.filter((task) => task.model === model.model).map((task) => [task.node, task]));
    const followed: FollowedJob[] = [];
    const fresh: StageJob[] = [];
    const again = new Set<string>();
    for (const job of jobs) {
      const { node, parent } = job.entry;
      const task = known.get(node.id);
      const id = task === undefined ? undefined : (task.job ?? found.get(task.place.submission));
      // A job that waits for one that came to nothing never starts.
      const isOfUse = task?.key === job.key && (parent === undefined || !again.has(parent.id));
      if (task !== undefined && id !== undefined && isOfUse && (await this.#isToFollow(model, task, id, queued))) {
        followed.push({ job, task, id });
        continue;
      }
      if (task !== undefined) {
        again.add(node.id);
        await this.#discard(task, id, queued);
      }
      fresh.push(job);
    }
    return { followed, fresh };
  }

  async #find(): Promise<Earlier> {
    const { folder, commands, name } = this.#settings;
    const { open, nextSubmission } = readLedger(await folder.ledger());
    this.#nextSubmission = nextSubmission;
    if (open.length === 0) return { open, found: new Map(), queued: new Set() };
    const users = [...new Set(open.map(({ user }) => user))];
    const queue = await this.#insist(() => commands.queue(name, users));
    const unread = new Set(open.flatMap(({ job, place }) => (job === undefined ? [place.submission] : [])));
    const found = new Map<number, string>();
    for (const { comment, task } of queue) {
      const submission = Number(comment);
      if (!unread.has(submission) || found.has(submission)) continue;
      found.set(submission, arrayOf(task));
      this.#reports.append({ kind: 'submitted', submission, job: arrayOf(task) });
    }
    return { open, found, queued: new Set(queue.map(({ task }) => task)) };
  }

  async #isToFollow(model: ModelJobs, { place, node }: OpenTask, array: string, queued: ReadonlySet<string>): Promise<boolean> {
    const { folder, options } = this.#settings;
    const job = `${array}_${place.index}`;
    if (queued.has(job)) return true;
    const record = await folder.endRecord(taskName(place));
    if (record?.outcome === 'done' || record?.outcome === 'failed') return true;
    const description = await this.#describe(job);
    // Its result may be seen a little later.
    if (description?.state === 'COMPLETED') return true;
    if (description?.reason === 'DependencyNeverSatisfied') return false;
    const log = folder.logFile(job);
    const { message } = explainEnd({ job, log, record, description, printed: await folder.lastLines(job), options });
    model.report(node, { kind: 'warning', message: `while nobody followed this run: ${message}; it is submitted again` });
    return false;
  }

  #describe(job: string): Promise<JobDescription | undefined> {
    return this.#questions++ < MOST_QUESTIONS ? this.#settings.commands.describe(job) : Promise.resolve(undefined);
  }

  async #discard({ place }: OpenTask, array: string | undefined, queued: ReadonlySet<string>): Promise<void> {
    const job = `${array ?? ''}_${place.index}`;
    if (queued.has(job)) await this.#insist(() => this.#settings.commands.cancel([job]));
    this.#reports.append({ kind: 'ended', task: taskName(place) });
  }
}
