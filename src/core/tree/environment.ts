import type { OpenLocalExecutor } from './execution/executor.ts';
import type { OpenScheduler } from './execution/scheduler.ts';
import type { StartStageProcesses } from './parallel/stage-processes.ts';
import type { IsAlive, RunOwner } from './store/run-owner.ts';

/** What a run needs to know of the process that it runs in; the worker provides it. */
export interface Environment {
  /** Version of this program. */
  readonly espalier: string;
  /** Digest of the code: results of other code are not reused. */
  readonly code: string;
  readonly threadScript: string | undefined;
  /** The bundle of the thread that augments examples; without it they are augmented between steps. */
  readonly readingScript?: string | undefined;
  /** This process. */
  readonly self: RunOwner;
  readonly isAlive: IsAlive;
  /** Runs stages on this machine. */
  readonly localExecutor: OpenLocalExecutor;
  /** Runs stages as jobs of a scheduler. */
  readonly openScheduler?: OpenScheduler;
  /** Whether this machine hands jobs to a scheduler and runs none itself. */
  readonly isLoginNode?: (() => Promise<boolean>) | undefined;
  /** Without it all stages run in this process, one after the other. */
  readonly startStageProcesses?: StartStageProcesses;
}
