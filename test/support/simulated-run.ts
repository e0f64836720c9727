/** The jobs of a run on a simulated cluster, as one model's walk sees them. */
import type { JobReport, StageJob } from '../../src/core/tree/execution/executor.ts';
import type { StageOutcome } from '../../src/core/tree/stages/stage-runner.ts';
import { planArrays } from '../../src/execution/slurm/arrays.ts';
import { SlurmCommands } from '../../src/execution/slurm/commands.ts';
import { sbatchArguments } from '../../src/execution/slurm/sbatch.ts';
import { SlurmRun } from '../../src/execution/slurm/slurm-run.ts';
import type { ModelJobs } from '../../src/execution/slurm/tasks.ts';
import type { SlurmOptions } from '../../src/shared/recipe/execution.ts';
import type { NodeMetrics } from '../../src/shared/results.ts';
import type { SimulatedSlurm, VirtualClock } from './simulated-slurm.ts';

export interface SimulatedRun {
  readonly run: SlurmRun;
  readonly model: ModelJobs;
  readonly reports: JobReport[];
  submit(jobs: readonly StageJob[]): Promise<void>;
}

const metrics: NodeMetrics = {
  simulated: undefined,
  deployed: undefined,
  sizes: undefined,
  latency: undefined,
  weights: [],
  certificate: undefined,
  trainingSeconds: undefined,
  curve: [],
};
export const simulatedOutcome: StageOutcome = {
  files: { model: new Uint8Array(), tflite: new Uint8Array() },
  metrics,
  densities: [],
};

/** A host of the run; a second one over the same cluster finds the jobs of the first. */
export function simulatedRun(
  clock: VirtualClock,
  slurm: SimulatedSlurm,
  {
    options = {},
    name = 'net',
    run = undefined,
    hear = () => undefined,
    planned = () => undefined,
    outcome = () => simulatedOutcome,
  }: {
    readonly options?: SlurmOptions;
    readonly name?: string;
    /** Of another model, which this one shares. */
    readonly run?: SlurmRun | undefined;
    readonly hear?: (report: JobReport) => void;
    /** Of each job before it is submitted, with the name of its files. */
    readonly planned?: (task: string, job: StageJob) => void;
    readonly outcome?: (job: StageJob) => StageOutcome;
  } = {},
): SimulatedRun {
  const jobs =
    run ??
    new SlurmRun({
      commands: new SlurmCommands(slurm.run),
      folder: slurm.folder,
      clock,
      name: 'espalier-run',
      user: 'ann',
      options,
    });
  const reports: JobReport[] = [];
  const places = new Map<string, string>();
  const model: ModelJobs = {
    model: name,
    prepare(array, dependency) {
      for (const { index, job } of array.tasks) {
        places.set(job.entry.node.id, `${array.submission}-${index}`);
        planned(`${array.submission}-${index}`, job);
      }
      return Promise.resolve(
        sbatchArguments({
          name: 'espalier-run',
          comment: `${array.submission}`,
          script: '/run/job.sh',
          logFolder: '/run/logs',
          indices: array.tasks.map(({ index }) => index),
          dependency,
          threads: 1,
          exclusive: false,
          minutes: array.demand.minutes,
          options,
        }),
      );
    },
    result(job) {
      const place = places.get(job.entry.node.id) ?? placeInLedger(slurm, name, job.entry.node.id);
      return Promise.resolve(place !== undefined && slurm.done.has(place) ? outcome(job) : undefined);
    },
    report(node, news) {
      const report = { node, ...news };
      reports.push(report);
      hear(report);
    },
    measured: () => Promise.resolve(),
  };
  return {
    run: jobs,
    model,
    reports,
    submit: (submitted) =>
      jobs.add(model, submitted, (fresh, firstSubmission, placeOf) =>
        planArrays(fresh, { firstSubmission, placeOf, mostTasks: options.mostJobs ?? 1_000, demandOf: () => ({ minutes: undefined }) }),
      ),
  };
}

/** Of a job that another host submitted. */
function placeInLedger(slurm: SimulatedSlurm, model: string, node: string): string | undefined {
  return slurm.folder.entries
    .flatMap((entry) => (entry.kind === 'planned' ? entry.tasks.map((task) => ({ ...task, submission: entry.submission })) : []))
    .filter((task) => task.model === model && task.node === node)
    .map(({ submission, index }) => `${submission}-${index}`)
    .at(-1);
}
