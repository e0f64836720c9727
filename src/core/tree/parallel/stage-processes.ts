/** Other processes that run stages. Core knows only this interface; the worker starts them. */
import type { Engine } from '../../engine/engine.ts';
import type { RecipeDocument } from '../recipe/recipe-document.ts';
import type { StageRunner } from '../stages/stage-runner.ts';
import type { Parallelism } from './parallelism.ts';

/** All that a process needs to open the models of a recipe itself. */
export interface StageSource {
  readonly recipe: RecipeDocument;
  /** What the recipe's paths are relative to. */
  readonly folder: string;
  readonly engine: Engine['name'];
}

export interface StageProcesses {
  /**
   * Milliseconds of a training step of the model for each candidate, with as many processes at work.
   *
   * @throws EspalierError when the model cannot be read or trained
   */
  timeSteps(model: string, candidates: readonly Parallelism[]): Promise<readonly number[]>;
  /** Runs each stage in an idle process; at most `processes` run at once. */
  runner(model: string, parallelism: Parallelism): StageRunner;
  /** Ends them all. */
  stop(): void;
}

export type StartStageProcesses = (source: StageSource) => StageProcesses;
