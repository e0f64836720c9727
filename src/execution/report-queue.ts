import type { JobNews, JobReport } from '../core/tree/execution/executor.ts';

/** Reports in the order in which they came, for one reader that waits for them. */
export class ReportQueue {
  #reports: JobReport[] = [];
  #wake: (() => void) | undefined;

  push(node: string, news: JobNews): void {
    this.#reports.push({ node, ...news });
    this.#wake?.();
    this.#wake = undefined;
  }

  /** All that have come since the last call; waits for one where there are none. */
  async take(): Promise<readonly JobReport[]> {
    if (this.#reports.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#reports.splice(0);
  }
}
