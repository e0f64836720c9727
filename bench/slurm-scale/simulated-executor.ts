import type { Executor, JobReport, StageJob } from '../../src/core/tree/execution/executor.ts';
import { ReportQueue } from '../../src/execution/report-queue.ts';
import type { SlurmRun } from '../../src/execution/slurm/slurm-run.ts';
import { exampleRun } from '../../test/support/example-run.ts';
import { simulatedOutcome, simulatedRun } from '../../test/support/simulated-run.ts';
import type { SimulatedRun } from '../../test/support/simulated-run.ts';
import type { SimulatedSlurm, VirtualClock } from '../../test/support/simulated-slurm.ts';

export interface SimulatedStages {
  readonly clock: VirtualClock;
  readonly slurm: SimulatedSlurm;
  readonly model: string;
  readonly mostJobs: number;
  /** Of the models before this one: all models of a run share one. */
  readonly run: SlurmRun | undefined;
  /** By name of the job's files; filled as jobs are submitted. */
  readonly isTrained: Map<string, boolean>;
  /** When its jobs are taken. */
  submitted(): void;
}

/** Figures and curves as large as those of a real stage. */
const [outcome] = exampleRun().flatMap((event) =>
  event.type === 'node-finished' && event.node === 'pruned/pqat'
    ? [{ ...simulatedOutcome, metrics: event.metrics, densities: event.densities }]
    : [],
);

/** One model's jobs, as the walk over its tree sees them. */
export class SimulatedExecutor implements Executor {
  readonly #reports = new ReportQueue();
  readonly #jobs: SimulatedRun;
  readonly #submitted: () => void;

  constructor({ clock, slurm, model: name, mostJobs, run, isTrained, submitted }: SimulatedStages) {
    this.#submitted = submitted;
    this.#jobs = simulatedRun(clock, slurm, {
      options: { mostJobs },
      name,
      run,
      planned: (task, { entry }) => isTrained.set(task, entry.node.fineTuned),
      hear: ({ node, ...news }) => this.#reports.push(node, news),
      outcome: () => outcome ?? simulatedOutcome,
    });
  }

  get run(): SlurmRun {
    return this.#jobs.run;
  }

  async submit(jobs: readonly StageJob[]): Promise<void> {
    await this.#jobs.submit(jobs);
    this.#submitted();
  }

  async status(): Promise<readonly JobReport[]> {
    const reports = await this.#reports.take();
    // The test's own record of them would grow with the run.
    this.#jobs.reports.length = 0;
    return reports;
  }

  cancel(): Promise<void> {
    return this.#jobs.run.cancel(this.#jobs.model);
  }

  logs(node: string): Promise<readonly string[]> {
    return this.#jobs.run.lastLines(this.#jobs.model, node);
  }
}
