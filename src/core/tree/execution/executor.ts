/**
 * Runs the stages of a model's tree, as processes of this machine or as jobs of a scheduler. The walk over the tree
 * knows only this interface; the implementations are in `src/execution`.
 */
import type { NodePhase, TrainingProgress } from '../../../shared/events.ts';
import type { LayerRule } from '../../../shared/recipe/layer-rule.ts';
import type { TreeEntry } from '../../../shared/tree.ts';
import type { Stage } from '../deployment-tree.ts';
import type { StageOutcome, StageRunner } from '../stages/stage-runner.ts';

/** One stage that has no result yet. */
export interface StageJob {
  readonly entry: TreeEntry;
  readonly stage: Stage;
  /** Whether an earlier stage has trained the parent: all but those below the root. */
  readonly parentTrained: boolean;
  /** Content address of the result. */
  readonly key: string;
  /** Content address of the parent's result; undefined for the root. */
  readonly parentKey: string | undefined;
  /** Content address of the root's result, which distillation needs. */
  readonly rootKey: string;
  /** Digest of another model that it learns from, as the key holds it. */
  readonly teacher?: string | undefined;
}

/** Where the stages of one model find and keep results, and what they have in common. */
export interface StagePlace {
  /** Name of the model. */
  readonly model: string;
  readonly runFolder: string;
  readonly cacheFolder: string;
  readonly ignoreCache: boolean;
  readonly rules: readonly LayerRule[];
}

/** A change of state of a node's job. */
export type JobReport = { readonly node: string } & JobNews;

export type JobNews =
  /** It waits in the queue of a scheduler. */
  | { readonly kind: 'queued'; readonly job: string; readonly reason: string | undefined }
  /** It runs. This may be reported again: a scheduler restarts a job whose machine was lost. */
  | { readonly kind: 'started'; readonly job?: string | undefined; readonly host?: string | undefined }
  | {
      readonly kind: 'progress';
      readonly phase: NodePhase;
      readonly fraction: number;
      readonly training: TrainingProgress | undefined;
    }
  | { readonly kind: 'warning'; readonly message: string }
  /** The result is in the run's folder. */
  | { readonly kind: 'done'; readonly outcome: StageOutcome; readonly cached: boolean }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** After `cancel`, whether it had started or not. */
  | { readonly kind: 'cancelled' };

export interface Executor {
  /**
   * Takes jobs, parents before children. A job starts when its parent has a result; where the parent fails, it never
   * starts and is not reported. Resolves when they are taken, not when they are done.
   *
   * @throws EspalierError when the scheduler refuses them
   */
  submit(jobs: readonly StageJob[]): Promise<void>;
  /** Waits until something has happened to a job since the last call, and returns it in order. */
  status(): Promise<readonly JobReport[]>;
  /** Ends all jobs. Each that has no result is reported as cancelled, those at work when they have stopped. */
  cancel(): Promise<void>;
  /** The last lines that the job of a node has printed; none where stages do not print. */
  logs(node: string): Promise<readonly string[]>;
}

/** The stages of one model on this machine. */
export interface LocalStages {
  readonly place: StagePlace;
  /** Stages at the same time. */
  readonly processes: number;
  /** Opens model and data: only called when a stage has to be computed. */
  openRunner(warn: (message: string) => void): Promise<StageRunner>;
}

export type OpenLocalExecutor = (stages: LocalStages) => Executor;
