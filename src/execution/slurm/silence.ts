/** When nothing can be learnt of the jobs: the scheduler or the file system does not answer. Jobs go on all the same. */
import { SlurmBusy } from './commands.ts';
import type { Clock } from './pace.ts';
import type { Tasks } from './tasks.ts';

const RETRY_MILLISECONDS = 10_000;
/** Before it is reported: a controller that restarts is silent for minutes. */
const MOST_SILENCE = 300_000;

export class Silence {
  readonly #clock: Clock;
  readonly #tasks: Tasks;
  #since: number | undefined;
  #isReported = false;

  constructor(clock: Clock, tasks: Tasks) {
    this.#clock = clock;
    this.#tasks = tasks;
  }

  /** Warns once, when it has lasted for long. */
  note(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const now = this.#clock.now();
    this.#since ??= now;
    if (this.#isReported || now - this.#since < MOST_SILENCE) return;
    const [task] = this.#tasks.all();
    if (task === undefined) return;
    this.#isReported = true;
    const warning = `nothing could be learnt of the jobs for ${MOST_SILENCE / 60_000} minutes: ${message}; they go on, and are looked for again and again`;
    task.model.report(task.job.entry.node.id, { kind: 'warning', message: warning });
  }

  end(): void {
    this.#since = undefined;
  }

  /** Asks until the scheduler answers, or `isStopped`. */
  async insist<T>(ask: () => Promise<T>, isStopped: () => boolean): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof SlurmBusy) || isStopped()) throw error;
        this.note(error);
        await this.#clock.wait(RETRY_MILLISECONDS);
      }
    }
  }
}
