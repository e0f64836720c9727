/**
 * What happens in a run, as one union: the worker emits it, `events.jsonl` keeps it, and the panel, the sidebar, the
 * CodeLenses, the CLI and the reports are all functions of it. Plain JSON; add fields, never change their meaning.
 */
import type { DensityPlot, NodeMetrics } from './results.ts';
import type { TreeNode } from './tree.ts';

export const EVENTS_VERSION = 1;

interface EventBase {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Counts from 0 within the run. */
  readonly sequence: number;
}

export interface RunStarted extends EventBase {
  readonly type: 'run-started';
  readonly version: typeof EVENTS_VERSION;
  readonly runId: string;
  readonly recipe: string;
  readonly espalier: string;
  /** Engine, runtime and machine, to be named beside every number. */
  readonly engine: string;
  readonly runtime: string;
  readonly machine: string;
  readonly models: readonly { readonly model: string; readonly tree: TreeNode }[];
}

/** A killed or cancelled run goes on; nodes that were running wait again, finished ones stay. */
export interface RunResumed extends EventBase {
  readonly type: 'run-resumed';
  readonly engine: string;
  readonly runtime: string;
  readonly machine: string;
}

/** The explorer added nodes (a search tries another sparsity or cluster count). */
export interface TreeGrown extends EventBase {
  readonly type: 'tree-grown';
  readonly model: string;
  readonly tree: TreeNode;
}

/** Of one node of one model's tree. */
interface NodeEventBase extends EventBase {
  readonly model: string;
  readonly node: string;
}

/** A scheduler holds the node's job back. */
export interface NodeQueued extends NodeEventBase {
  readonly type: 'node-queued';
  /** Id of the job, as the scheduler's commands take it. */
  readonly job: string;
  /** In the scheduler's words: `Priority`, `Resources`, `Dependency`. */
  readonly reason: string | undefined;
}
export interface NodeStarted extends NodeEventBase {
  readonly type: 'node-started';
  /** Of a scheduler. */
  readonly job?: string | undefined;
  /** Name of the machine that the job runs on. */
  readonly host?: string | undefined;
}
export interface NodeProgress extends NodeEventBase {
  readonly type: 'node-progress';
  /** `training`, `calibrating`, `converting`, `evaluating`… as a message key for people. */
  readonly phase: NodePhase;
  /** 0 to 1 within the node. */
  readonly fraction: number;
  readonly training: TrainingProgress | undefined;
}
export type NodePhase = 'loading' | 'training' | 'calibrating' | 'converting' | 'evaluating';
export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number | undefined;
  readonly learningRate: number;
  readonly examplesPerSecond: number;
  readonly secondsLeft: number;
}
export interface NodeFinished extends NodeEventBase {
  readonly type: 'node-finished';
  readonly cached: boolean;
  readonly metrics: NodeMetrics;
  readonly densities: readonly DensityPlot[];
  /** Path of the .tflite relative to the run folder. */
  readonly tflite: string | undefined;
}
export interface NodeFailed extends NodeEventBase {
  readonly type: 'node-failed';
  readonly message: string;
}
export interface NodeSkipped extends NodeEventBase {
  readonly type: 'node-skipped';
  readonly reason: string;
}
export interface LogLine extends EventBase {
  readonly type: 'log';
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly model: string | undefined;
  readonly node: string | undefined;
}
export interface RunFinished extends EventBase {
  readonly type: 'run-finished';
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'targets-missed';
  readonly reason: string;
}

export type RunEvent =
  | RunStarted
  | RunResumed
  | TreeGrown
  | NodeQueued
  | NodeStarted
  | NodeProgress
  | NodeFinished
  | NodeFailed
  | NodeSkipped
  | LogLine
  | RunFinished;
/** What a producer supplies; the run's log adds time and sequence. */
export type RunEventBody = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'time' | 'sequence'> : never) : never;
