/** A scheduler that runs stages as jobs on other machines. Core knows only this; `src/execution` has the kinds. */
import type { Engine } from '../../engine/engine.ts';
import type { ExecutionChoice, SlurmExecution } from '../../../shared/recipe/execution.ts';
import type { RecipeDocument } from '../recipe/recipe-document.ts';
import type { SessionOptions } from '../stored-run.ts';
import type { Executor, StagePlace } from './executor.ts';

/** What all stages of a run have in common. */
export interface ScheduledRun {
  readonly execution: SlurmExecution;
  /** Digest of the program. */
  readonly code: string;
  /** As the keys of the results hold it: the machines of the jobs must have the same. */
  readonly engine: Pick<Engine, 'name' | 'description' | 'threads'>;
  readonly runtime: string;
  /** Stages measure latency. */
  readonly latency: boolean;
}

export interface ScheduledModel {
  /** Digest of its bytes. */
  readonly model: string;
  /** Digest of its data. */
  readonly data: string;
  /** A value that changes when the data's files change, made without reading them. */
  stamp(): Promise<string | undefined>;
  /**
   * Finds what cannot work before anything is submitted.
   *
   * @throws EspalierError that names the node and the layer
   */
  check(): Promise<void>;
}

export interface Scheduler {
  /** Instead of a machine: `Slurm 22.05.8, cluster "alps"`. */
  readonly description: string;
  executor(model: ScheduledModel, place: StagePlace): Executor;
  /** Jobs go on, unwatched. */
  stop(): void;
}

/** @throws EspalierError `engine` where the scheduler cannot be used from this machine */
export type OpenScheduler = (run: ScheduledRun) => Promise<Scheduler>;

/**
 * What was asked for the one run goes before the recipe, and that before the editor's settings. Undefined where neither
 * run nor recipe says where.
 */
export function chooseExecution(
  { execution }: RecipeDocument,
  { executor, defaultExecutor, slurm, slurmDefaults }: SessionOptions,
): ExecutionChoice | undefined {
  const kind = executor ?? execution?.kind ?? defaultExecutor;
  if (kind === undefined) return undefined;
  if (kind === 'local') return { kind };
  return { ...slurmDefaults, ...(execution?.kind === 'slurm' ? execution : {}), ...slurm, kind };
}
