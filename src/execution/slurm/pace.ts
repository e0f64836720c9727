/** How often a host looks and asks: a controller serves a whole cluster, and so does a file system. */

export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number;
  wait(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Between two looks at the run's folder: a second for a tree, longer for thousands of jobs, for a long listing, and where
 * nothing happens.
 *
 * @param names in the last listing
 * @param quiet how many looks in a row have brought nothing new
 */
export function millisecondsBetweenLooks(jobs: number, names: number, quiet: number): number {
  return Math.min(20_000, (1_000 + 2 * jobs + names / 10) * Math.min(5, 1.05 ** quiet));
}

/**
 * Between two calls of squeue: each makes the controller list the user's jobs.
 *
 * @param quiet how many calls in a row have brought nothing new
 */
export function millisecondsBetweenCalls(jobs: number, quiet: number): number {
  return Math.min(60_000, (3_000 + 10 * jobs) * Math.min(20, 1.5 ** quiet));
}

/** Submissions at once, before the rate holds; and how long each takes to come back. */
const MOST_SUBMISSIONS_AT_ONCE = 20;
const MILLISECONDS_A_SUBMISSION = 1_000;

/** At most one submission a second in the long run. */
export class SubmissionBudget {
  readonly #now: () => number;
  #left = MOST_SUBMISSIONS_AT_ONCE;
  #counted: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#counted = now();
  }

  /** False where it has to wait. */
  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(MOST_SUBMISSIONS_AT_ONCE, this.#left + (now - this.#counted) / MILLISECONDS_A_SUBMISSION);
    this.#counted = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
