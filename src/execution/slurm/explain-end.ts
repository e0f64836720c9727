/** Why a job left the queue without a result, in words that say what to do. */
import { EspalierError } from '../../shared/errors.ts';
import type { SlurmOptions } from '../../shared/recipe/execution.ts';
import { STORE_FAILED } from '../job/job-request.ts';
import type { EndRecord } from '../job/job-request.ts';
import type { JobDescription } from './answers.ts';

export interface EndedJob {
  /** `12_3` */
  readonly job: string;
  readonly log: string;
  /** What it left; undefined where it left nothing. */
  readonly record: EndRecord | undefined;
  /** What the controller remembers; undefined where it has forgotten the job. */
  readonly description: JobDescription | undefined;
  /** The last lines of its log: the daemon of the job writes there why it ended it. */
  readonly printed: readonly string[];
  readonly options: SlurmOptions;
}

/** As a shell reports a program that SIGKILL ended: the system does that where memory runs out. */
const KILLED = 137;
/** What the daemon of the job says of memory, with cgroups and without. */
const outOfMemory = /exceeded (job )?memory limit|oom[-_ ]?kill/i;
const RESUME = 'then resume the run: it goes on from its last checkpoint';

/** Names the job and its log; every such end leaves a run that can be resumed. */
export function explainEnd(ended: EndedJob): EspalierError {
  const { code, what, fix } = reasonOf(ended);
  const host = ended.record?.host ?? ended.description?.host;
  return new EspalierError(code, `job ${ended.job}${host === undefined ? '' : ` on ${host}`} ${what}`, {
    fix: `${fix === '' ? 'resume the run: it goes on from its last checkpoint' : `${fix}, ${RESUME}`}; its log is ${ended.log}`,
  });
}

function reasonOf({ record, description, printed, options }: EndedJob): {
  readonly code: EspalierError['code'];
  readonly what: string;
  readonly fix: string;
} {
  const state = description?.state;
  const exitCode = record?.outcome === 'killed' ? record.exitCode : description?.exitCode;
  if (state === 'TIMEOUT' || state === 'DEADLINE') {
    const limit = description?.timeLimit ?? options.time;
    return {
      code: 'engine',
      what: `reached its time limit${limit === undefined ? '' : ` of ${limit}`}`,
      fix: 'give it more "time" under "execution" in the recipe',
    };
  }
  const isForMemory = state === 'OUT_OF_MEMORY' || printed.some((line) => outOfMemory.test(line));
  if (isForMemory || exitCode === KILLED) {
    return {
      code: 'out-of-memory',
      what: `was killed${isForMemory ? ' for its memory' : ', by the system if memory ran out'} (limit: ${options.memory ?? "the partition's"})`,
      fix: 'give it more "memory" under "execution" in the recipe',
    };
  }
  if (state === 'CANCELLED') return { code: 'engine', what: 'was cancelled with scancel or by an administrator', fix: '' };
  if (state === 'NODE_FAIL' || state === 'BOOT_FAIL') return { code: 'engine', what: 'was lost with its machine', fix: '' };
  if (state === 'PREEMPTED') return { code: 'engine', what: 'had to make room for another job', fix: '' };
  if (exitCode === STORE_FAILED) {
    return {
      code: 'file-access',
      what: 'could not write to the folder of the run: its disk is full, or not reachable from there',
      fix: 'free some space or mend the file system',
    };
  }
  if (record?.outcome === 'stopped') return { code: 'engine', what: 'was stopped by the scheduler', fix: '' };
  const signal = description?.signal ?? 0;
  if (record === undefined && signal > 0) return { code: 'engine', what: `was ended by signal ${signal} and left no result`, fix: '' };
  return {
    code: 'engine',
    what: exitCode === undefined ? 'left the queue without a result' : `ended with exit code ${exitCode} and left no result`,
    fix: '',
  };
}

/** What the job's program itself reported. */
export function explainFailure(record: EndRecord & { readonly outcome: 'failed' }, job: string, log: string): Error {
  const where = `job ${job}${record.host === undefined ? '' : ` on ${record.host}`}`;
  if (record.code !== 'internal') return new EspalierError(record.code, record.message, { where, fix: `its log is ${log}` });
  const bug = new Error(`${where}: ${record.message}; its log is ${log}`);
  if (record.stack !== undefined) bug.stack = record.stack;
  return bug;
}
