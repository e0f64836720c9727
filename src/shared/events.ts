/**
 * What happens in a run, as one union: the worker emits it, `events.jsonl` keeps it, and the panel, the sidebar, the
 * CodeLenses, the CLI and the reports are all functions of it. Plain JSON; add fields, never change their meaning.
 */
import type { FailureCause } from './errors.ts';
import type { HardwareProfile } from './hardware.ts';
import type { Targets } from './recipe/targets.ts';
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
  /** Engine, runtime and machine that the figures of this run belong to. */
  readonly engine: string;
  readonly runtime: string;
  readonly machine: string;
  readonly models: readonly { readonly model: string; readonly tree: TreeNode }[];
  /** Of a search from budgets, which looks for a file for each. */
  readonly budgets?: readonly Targets[] | undefined;
}

/** A killed or cancelled run was resumed. Finished nodes stay; nodes that were running wait again. */
export interface RunResumed extends EventBase {
  readonly type: 'run-resumed';
  readonly engine: string;
  readonly runtime: string;
  readonly machine: string;
}

/** The search added nodes, to try another sparsity or cluster count. */
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

/** The node's job waits in the queue of a scheduler. */
export interface NodeQueued extends NodeEventBase {
  readonly type: 'node-queued';
  /** Id of the job in the scheduler. */
  readonly job: string;
  /** As the scheduler reports it: `Priority`, `Resources`, `Dependency`. */
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
  /** What the node does now: `training`, `calibrating`, `converting`, `evaluating`…; also the key of its translation. */
  readonly phase: NodePhase;
  /** 0 to 1 within the node. */
  readonly fraction: number;
  readonly training: TrainingProgress | undefined;
}
export type NodePhase =
  'loading' | 'finding-rate' | 'training' | 'calibrating' | 'converting' | 'evaluating' | 'measuring' | 'latency' | 'certifying';
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
  /** What the .tflite needs of a microcontroller; missing where it could not be profiled. */
  readonly profile?: HardwareProfile | undefined;
  /** Path of the .tflite relative to the run folder. */
  readonly tflite: string | undefined;
}
export interface NodeFailed extends NodeEventBase {
  readonly type: 'node-failed';
  readonly message: string;
  /** The message in its parts, of an error that a user can act on. */
  readonly cause?: FailureCause | undefined;
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
  /** Of a search from budgets, which chooses by validation examples: other figures of a node do not tell. */
  readonly chosen?: readonly ChosenFile[] | undefined;
}

/** The file of one budget, or the nearest to it. */
export interface ChosenFile {
  readonly model: string;
  readonly node: string;
  /** Its place in the budgets, from 0. */
  readonly budget: number;
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
