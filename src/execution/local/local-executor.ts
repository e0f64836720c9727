/** Runs stages on this machine, as many at once as there are processes. */
import type { Executor, JobReport, LocalStages, StageJob } from '../../core/tree/execution/executor.ts';
import { runStage } from '../../core/tree/execution/run-stage.ts';
import { dependencyOrder } from '../../core/tree/parallel/dependency-order.ts';
import type { DependencyOrder } from '../../core/tree/parallel/dependency-order.ts';
import type { StageRunner } from '../../core/tree/stages/stage-runner.ts';
import { isEspalierError } from '../../shared/errors.ts';
import { ReportQueue } from '../report-queue.ts';
import { StatisticsMemory } from './statistics-memory.ts';

export class LocalExecutor implements Executor {
  readonly #stages: LocalStages;
  readonly #reports = new ReportQueue();
  readonly #controller = new AbortController();
  readonly #statistics = new StatisticsMemory();
  readonly #waiting = new Map<string, StageJob>();
  /** Failed, or come from one that did. */
  readonly #lost = new Set<string>();
  #order: DependencyOrder | undefined;
  #running = 0;
  #runner: Promise<StageRunner> | undefined;

  constructor(stages: LocalStages) {
    this.#stages = stages;
  }

  submit(jobs: readonly StageJob[]): Promise<void> {
    for (const job of jobs) this.#waiting.set(job.entry.node.id, job);
    this.#order = dependencyOrder(
      jobs.map(({ entry }) => entry),
      this.#stages.processes > 1,
    );
    this.#startReady();
    return Promise.resolve();
  }

  status(): Promise<readonly JobReport[]> {
    return this.#reports.take();
  }

  cancel(): Promise<void> {
    this.#controller.abort();
    for (const node of this.#waiting.keys()) this.#reports.push(node, { kind: 'cancelled' });
    this.#waiting.clear();
    return Promise.resolve();
  }

  logs(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  #startReady(): void {
    while (this.#running < this.#stages.processes) {
      const entry = this.#order?.take();
      if (entry === undefined) return;
      const { id } = entry.node;
      const job = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (job === undefined) continue;
      if (entry.parent !== undefined && this.#lost.has(entry.parent.id)) this.#lose(id);
      else void this.#run(id, job);
    }
  }

  async #run(node: string, job: StageJob): Promise<void> {
    this.#running++;
    this.#reports.push(node, { kind: 'started' });
    const warn = (message: string): void => this.#reports.push(node, { kind: 'warning', message });
    const { signal } = this.#controller;
    try {
      const { outcome, cached } = await runStage(this.#stages.place, job, () => (this.#runner ??= this.#stages.openRunner(warn)), {
        signal,
        warn,
        statistics: this.#statistics,
        onProgress: (phase, fraction, training) => this.#reports.push(node, { kind: 'progress', phase, fraction, training }),
      });
      this.#reports.push(node, { kind: 'done', outcome, cached });
    } catch (error) {
      const isCancelled = signal.aborted || (isEspalierError(error) && error.code === 'cancelled');
      this.#reports.push(node, isCancelled ? { kind: 'cancelled' } : { kind: 'failed', error });
      this.#lost.add(node);
    }
    this.#running--;
    this.#order?.done(node);
    this.#startReady();
  }

  #lose(node: string): void {
    this.#lost.add(node);
    this.#order?.done(node);
  }
}
