/** What a job is to do, as the file that its submission leaves for it; and what it leaves behind. */
import type { StageJob, StagePlace } from '../../core/tree/execution/executor.ts';
import type { Engine } from '../../core/engine/engine.ts';
import type { NodePhase, TrainingProgress } from '../../shared/events.ts';
import { isBoolean, isCount, isNumber, isObjectOf, isRecord, isString, optional } from '../../shared/checked-json.ts';
import type { Guard } from '../../shared/checked-json.ts';
import type { ErrorCode } from '../../shared/errors.ts';

const isVersion: Guard<1> = (value): value is 1 => value === 1;

/** Of all tasks of an array. */
export interface JobRequest {
  readonly version: 1;
  /** Digest of the program that planned the stages: another one would make other bits under the same key. */
  readonly code: string;
  /** The machine of the job has it too, or the job fails: results are kept under its description. */
  readonly engine: Pick<Engine, 'name' | 'description' | 'threads'>;
  /** Description of the runtime that measures files. */
  readonly runtime: string;
  /** Copy the data to the machine's own disk first. */
  readonly stageData: boolean;
  /** Digests of the model and its data, as the keys hold them. */
  readonly model: string;
  readonly data: string;
  /** Of the data's files, when the job was submitted. */
  readonly dataStamp?: string | undefined;
  readonly place: StagePlace;
  /** By index in the array. */
  readonly tasks: readonly { readonly index: number; readonly job: StageJob }[];
}

/** Left when a job begins to compute. */
export interface StartRecord {
  readonly version: 1;
  /** As the scheduler's commands take it: `12_3`. */
  readonly job: string;
  readonly host: string;
  readonly processor: string;
  /** How often the scheduler has started it again. */
  readonly restarts: number;
}

/** Left when a job ends, whatever happened to it. */
export type EndRecord = { readonly version: 1; readonly host?: string | undefined } & JobEnd;

export interface JobDone {
  readonly outcome: 'done';
  /** Another run had made the result in the meantime. */
  readonly cached: boolean;
  /** From the start of the program to here. */
  readonly seconds: number;
  /** Undefined where nothing was trained in this start. */
  readonly training?: StepMeasurement | undefined;
}

export type JobEnd =
  | JobDone
  | { readonly outcome: 'failed'; readonly code: ErrorCode | 'internal'; readonly message: string; readonly stack?: string | undefined }
  /** By a signal: of the scheduler, before it ends or moves a job. */
  | { readonly outcome: 'stopped' }
  /** Written by the shell where the program left nothing. */
  | { readonly outcome: 'killed'; readonly exitCode: number };

export interface StepMeasurement {
  readonly steps: number;
  readonly millisecondsAStep: number;
}

/** What a job says while it runs, one object a line of its own file. */
export type JobEvent =
  | { readonly kind: 'progress'; readonly phase: NodePhase; readonly fraction: number; readonly training: TrainingProgress | undefined }
  | { readonly kind: 'warning'; readonly message: string };

export const isStartRecord = isObjectOf<Pick<StartRecord, 'version' | 'job' | 'host' | 'restarts' | 'processor'>>({
  version: isVersion,
  job: isString,
  host: isString,
  processor: isString,
  restarts: isCount,
});

const isStepMeasurement = isObjectOf<StepMeasurement>({ steps: isCount, millisecondsAStep: isNumber });
const ends: Readonly<Record<JobEnd['outcome'], Guard<unknown>>> = {
  done: isObjectOf({ cached: isBoolean, seconds: isNumber, training: optional(isStepMeasurement) }),
  failed: isObjectOf({ code: isString, message: isString, stack: optional(isString) }),
  stopped: isRecord,
  killed: isObjectOf({ exitCode: isNumber }),
};

export function isEndRecord(value: unknown): value is EndRecord {
  if (!isRecord(value) || !isVersion(value['version']) || !optional(isString)(value['host'])) return false;
  const { outcome } = value;
  return Object.entries(ends).some(([name, guard]) => name === outcome && guard(value));
}

const isProgress = isObjectOf({ phase: isString, fraction: isNumber, training: optional(isRecord) });
const isWarning = isObjectOf({ message: isString });

export function isJobEvent(value: unknown): value is JobEvent {
  if (!isRecord(value)) return false;
  return value['kind'] === 'progress' ? isProgress(value) : value['kind'] === 'warning' && isWarning(value);
}

/** Exit code of a job that could not write to the store, so that its record may be missing too. */
export const STORE_FAILED = 74;

/** `4-0`: the name of a task in the run's folder. */
export function taskName({ submission, index }: { readonly submission: number; readonly index: number }): string {
  return `${submission}-${index}`;
}

/** Files of a run's jobs, relative to its folder. */
export const jobFiles = {
  ledger: 'jobs/ledger.jsonl',
  requests: 'jobs/requests',
  records: 'jobs/records',
  events: 'jobs/events',
  logs: 'jobs/logs',
  started: (task: string) => `${task}.started.json`,
  ended: (task: string) => `${task}.ended.json`,
} as const;
