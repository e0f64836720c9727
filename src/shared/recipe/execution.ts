import { isArrayOf, isBoolean, isCount, isObjectOf, isString, optional } from '../checked-json.ts';

/** Where the stages of a run are computed. */
export type ExecutionChoice = LocalExecution | SlurmExecution;

/** In processes of this machine. */
export interface LocalExecution {
  readonly kind: 'local';
}

/** As jobs of Slurm, one a stage, over a file system that all its machines share. */
export interface SlurmExecution extends SlurmOptions {
  readonly kind: 'slurm';
}

/** What jobs ask the scheduler for. Without an option the cluster's own default holds. */
export interface SlurmOptions {
  /**
   * Partition, or several with commas between them.
   * @examples ["gpu"]
   */
  readonly partition?: string | undefined;
  /** Account that the jobs are charged to. */
  readonly account?: string | undefined;
  /** Quality of service. */
  readonly qos?: string | undefined;
  /**
   * Features that a machine must have. One processor model for all jobs makes their latencies comparable and their bits the same.
   * @examples ["zen4"]
   */
  readonly constraint?: string | undefined;
  /**
   * Generic resources, such as one GPU for the provider `cuda`.
   * @examples ["gpu:1"]
   */
  readonly gres?: string | undefined;
  /**
   * Time limit of each job: minutes, `hours:minutes:seconds` or `days-hours`. Without it: three times what earlier runs
   * of this folder show that the stage takes, and at least 10 minutes; for what was never measured the partition's limit.
   * @pattern ^([0-9]+(:[0-9]{2}){0,2}|[0-9]+-[0-9]+(:[0-9]{2}){0,2})$
   * @examples ["02:00:00", "90"]
   */
  readonly time?: string | undefined;
  /**
   * Memory of each job.
   * @pattern ^[0-9]+[KMGT]?$
   * @examples ["8G"]
   */
  readonly memory?: string | undefined;
  /**
   * Whether a job has its machine to itself. Without it: where latency is measured, which other jobs would disturb.
   */
  readonly exclusive?: boolean | undefined;
  /**
   * Copy the data to the machine's own disk (`$TMPDIR`) before a job reads examples, and check that the copy is whole.
   * @default false
   */
  readonly stage?: boolean | undefined;
  /**
   * Shell commands that run first in each job.
   * @examples [["module load cuda/12"]]
   */
  readonly setup?: readonly string[] | undefined;
  /**
   * The Node.js that jobs run, where it is not at the same path as here.
   * @examples ["/opt/node20/bin/node"]
   */
  readonly node?: string | undefined;
  /**
   * Further options of `sbatch`.
   * @examples [["--nice=100"]]
   */
  readonly options?: readonly string[] | undefined;
  /**
   * Most jobs of the run in the queue at once; the others are submitted as these end.
   * @asType integer
   * @minimum 1
   * @default 1000
   */
  readonly mostJobs?: number | undefined;
}

/** For options that do not come from a recipe, which its schema checks. */
export const isSlurmOptions = isObjectOf<SlurmOptions>({
  partition: optional(isString),
  account: optional(isString),
  qos: optional(isString),
  constraint: optional(isString),
  gres: optional(isString),
  time: optional(isString),
  memory: optional(isString),
  exclusive: optional(isBoolean),
  stage: optional(isBoolean),
  setup: optional(isArrayOf(isString)),
  node: optional(isString),
  options: optional(isArrayOf(isString)),
  mostJobs: optional(isCount),
});
