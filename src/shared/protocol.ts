/**
 * The protocol of the worker process, for the extension host and the CLI. Plain JSON over `MessageHandler`. Within a
 * version, methods and fields are added but never change their meaning.
 */
import type { Deployment, DeploymentResult } from './deployment.ts';
import type { RunEvent } from './events.ts';
import type { ModelInspection } from './inspection.ts';
import type { NegativeFlips, NotRecorded } from './negative-flips.ts';
import type { Endpoint, NoEndpoint } from './message-handler.ts';
import type { NodeOfModel } from './panel-protocol.ts';
import type { InputShape, OpenInput } from './recipe/input-shape.ts';
import type { ExecutionChoice, SlurmOptions } from './recipe/execution.ts';
import type { ObserverChoice } from './recipe/quantization-options.ts';
import type { ParetoSearch, Targets } from './recipe/targets.ts';
import type { SensitivityReport } from './sensitivity.ts';
import type { RecipeDiagnostic } from './recipe-diagnostics.ts';
import type { Accuracy, CertificateVerdict, FileSizes } from './results.ts';

export const PROTOCOL_VERSION = 1;

export interface WorkerProtocol extends Endpoint {
  readonly requests: {
    readonly ping: { readonly parameters: object; readonly result: PingResult };
    /** Replies when the run has started. The rest arrives as `run` events; the last one is `run-finished`. */
    readonly startRun: { readonly parameters: StartRun; readonly result: RunHandle };
    readonly resumeRun: { readonly parameters: { readonly runFolder: string } & RunSettings; readonly result: RunHandle };
    /** Replies when the run has ended; a run that has ended already stays as it is. */
    readonly cancelRun: { readonly parameters: { readonly runId: string }; readonly result: null };
    /** Events of a run from its folder: all of them, or those after an earlier answer. */
    readonly readRun: { readonly parameters: ReadRun; readonly result: RunLog };
    /** Test examples that the trained model gets right and a node's file gets wrong. */
    readonly negativeFlips: {
      /** `readable`: folders whose files may be opened for it. */
      readonly parameters: NodeOfModel & { readonly runFolder: string; readonly readable: readonly string[] };
      readonly result: NegativeFlips | NotRecorded;
    };
    readonly listRuns: { readonly parameters: { readonly folder: string }; readonly result: { readonly runs: readonly RunSummary[] } };
    /** Deletes run folders, or the cache of stages when none is given. Replies with the bytes freed. */
    readonly clean: {
      readonly parameters: { readonly folder: string; readonly runFolders?: readonly string[]; readonly cache?: boolean };
      readonly result: { readonly bytes: number };
    };
    /** Checks a recipe before it runs, with its files and layers. */
    readonly checkRecipe: {
      /** `readable`: folders whose files may be opened for it; all files where it is missing. */
      readonly parameters: { readonly path: string; readonly text: string; readonly readable?: readonly string[] | undefined };
      readonly result: { readonly diagnostics: readonly RecipeDiagnostic[] };
    };
    /** Models and data that a recipe names and that lie outside of these folders. */
    readonly filesOutside: {
      readonly parameters: { readonly path: string; readonly text: string; readonly folders: readonly string[] };
      readonly result: { readonly files: readonly string[] };
    };
    readonly writeRecipe: { readonly parameters: WriteRecipe; readonly result: { readonly path: string } };
    /** How long the presets would take on this machine. */
    readonly estimateRun: { readonly parameters: RunQuestion; readonly result: RunEstimate };
    readonly inspect: {
      readonly parameters: { readonly path: string; readonly inputShape?: InputShape | undefined };
      readonly result: ModelInspection;
    };
    /** Inputs that want a size before the model can be used: all of them, or none where every length is known. */
    readonly openInputs: { readonly parameters: { readonly path: string }; readonly result: { readonly inputs: readonly OpenInput[] } };
    readonly convert: { readonly parameters: Conversion; readonly result: ConversionResult };
    readonly evaluate: { readonly parameters: Evaluation; readonly result: EvaluationResult };
    /** How much each layer suffers from each choice, before any training. */
    readonly sensitivity: { readonly parameters: RunQuestion; readonly result: SensitivityReport };
    /** Writes a folder with all that a program needs to run a .tflite on a device. */
    readonly deploy: { readonly parameters: Deployment; readonly result: DeploymentResult };
    readonly certify: { readonly parameters: { readonly path: string; readonly parent?: string }; readonly result: CertificateVerdict };
    readonly report: {
      readonly parameters: { readonly runFolder: string; readonly format: ReportFormat; readonly output?: string };
      readonly result: { readonly path: string };
    };
    readonly createExample: {
      readonly parameters: { readonly folder: string; readonly force?: boolean };
      readonly result: { readonly recipe: string };
    };
  };
  readonly events: {
    readonly run: { readonly runId: string; readonly event: RunEvent };
  };
}

/** The host serves no requests. */
export type HostProtocol = NoEndpoint;

export interface PingResult {
  readonly protocol: number;
  readonly espalier: string;
  readonly node: string;
  readonly process: number;
}

export interface RunSettings {
  /** Threads of each stage, when the recipe does not say. */
  readonly threads?: number | undefined;
  /** Stages at the same time, when the recipe does not say. */
  readonly processes?: number;
  /** Where stages run, instead of where the recipe says. */
  readonly executor?: ExecutionChoice['kind'];
  /** Where stages run, when the recipe does not say. */
  readonly defaultExecutor?: ExecutionChoice['kind'] | undefined;
  /** What jobs ask for, instead of what the recipe says. */
  readonly slurm?: SlurmOptions;
  /** What jobs ask for, where the recipe does not say. */
  readonly slurmDefaults?: SlurmOptions | undefined;
}

export interface StartRun extends RunSettings {
  /** Absolute path of the recipe. */
  readonly recipe: string;
  /** Overrides the recipe's `nodes`. */
  readonly nodes?: readonly string[];
  /** Ignore the cache and compute every stage. */
  readonly ignoreCache?: boolean;
  /** Overrides the recipe's `seed`. */
  readonly seed?: number;
}

/** Of a run in the store. */
export interface RunPlace {
  readonly runId: string;
  readonly runFolder: string;
}

/** Of a run that has begun. */
export interface RunHandle extends RunPlace {
  /** Whether its stages are jobs of a scheduler, so that it needs little of this machine. */
  readonly isScheduled: boolean;
}

export interface ReadRun {
  readonly runFolder: string;
  /** `end` of the previous answer; default: 0, the start of the log. */
  readonly from?: number;
}

export interface RunLog {
  readonly events: readonly RunEvent[];
  /** Where the log ended, in bytes. */
  readonly end: number;
  /** Whether a living process works on the run. */
  readonly owned: boolean;
}

export interface RunSummary extends RunPlace {
  readonly recipe: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** `interrupted` runs were killed and can be resumed, as cancelled ones can; the files of `damaged` ones are not as they were written. */
  readonly outcome: 'running' | 'interrupted' | 'done' | 'failed' | 'cancelled' | 'targets-missed' | 'damaged';
  /** What is wrong with a damaged run. */
  readonly problem?: string | undefined;
  readonly nodesDone: number;
  readonly nodes: number;
  readonly bytes: number;
}

export type RecipePreset = 'full' | 'until-targets' | 'quick';

export interface RunQuestion {
  /** Absolute path of the model. */
  readonly model: string;
  /** A data block with absolute paths, or the path of a file with one. */
  readonly data: object | string;
  /** For inputs of open size. */
  readonly inputShape?: InputShape | undefined;
}

export interface RunEstimate {
  /** At most, for a run that may end early. */
  readonly seconds: Readonly<Record<RecipePreset, number>>;
}

export interface WriteRecipe {
  /** Absolute path of the model. */
  readonly model: string;
  /** A data block, or the path of a file with one. */
  readonly data: object | string;
  readonly output?: string | undefined;
  readonly targets?: Targets;
  /** For inputs of open size. */
  readonly inputShape?: InputShape | undefined;
  readonly preset?: RecipePreset;
  /** From budgets to files, instead of a preset's tree. */
  readonly search?: ParetoSearch | undefined;
}

export type ConversionMode = 'float' | 'float16' | 'dynamic' | 'int8' | 'int16x8';

export interface Conversion {
  readonly model: string;
  readonly output: string;
  readonly mode: ConversionMode;
  /** Calibrates int8 and int16x8. */
  readonly data?: object | string | undefined;
  /** How calibration takes a range; default: what the model states of it, else minimum and maximum. */
  readonly observer?: ObserverChoice | undefined;
  readonly interface?: 'int8' | 'uint8' | 'float32' | 'int16' | undefined;
  /** In the form of XNNPACK's sparse inference, of modes float and float16. */
  readonly sparse?: boolean | undefined;
  /** For inputs of open size. */
  readonly inputShape?: InputShape | undefined;
}

export interface ConversionResult {
  readonly version: 1;
  readonly output: string;
  readonly mode: ConversionMode;
  readonly sizes: FileSizes;
  /** How far the network is from the original in its own runtime, where there is one: the largest difference, of the range of an output. */
  readonly comparison?: { readonly difference: number; readonly examples: number } | undefined;
  readonly warnings: readonly string[];
}

export interface Evaluation {
  /** A model of any format, or a .tflite, which runs in LiteRT. */
  readonly model: string;
  readonly data: object | string;
  readonly split?: 'train' | 'validation' | 'test';
  /** Of data without labels: the trained model whose outputs are compared with this one's. */
  readonly reference?: string | undefined;
  /** For inputs of open size. */
  readonly inputShape?: InputShape | undefined;
}

export interface EvaluationResult {
  readonly version: 1;
  readonly model: string;
  readonly accuracy: Accuracy;
  /** In the order of the labels, where the data name them. */
  readonly classNames?: readonly string[] | undefined;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

export type ReportFormat = 'html' | 'markdown' | 'csv' | 'json';
