/** Between the worker and its stage processes, which are of the same build: no version, and typed arrays travel as they are. */
import type { NodePhase, TrainingProgress } from '../../shared/events.ts';
import type { Endpoint } from '../../shared/message-handler.ts';
import type { ActivationStatistics } from '../../core/quantize/kept-statistics.ts';
import type { StageSource } from '../../core/tree/parallel/stage-processes.ts';
import type { StageOutcome, StageRequest } from '../../core/tree/stages/stage-runner.ts';

/** The part of a request that is data. */
export type StageWork = Pick<StageRequest, 'node' | 'stage' | 'parentTrained' | 'rules' | 'parent' | 'baseline'>;

export interface StageProcessSetting {
  readonly source: StageSource;
  /** Name of the model. */
  readonly model: string;
  readonly threads: number;
  /** That run stages at the same time, this one included. */
  readonly processes: number;
}

/** A stage process does one thing at a time. */
export interface StageProtocol extends Endpoint {
  readonly requests: {
    /** Makes everything ready for `timeSteps`, so that all processes step at the same time. */
    readonly prepareSteps: { readonly parameters: StageProcessSetting; readonly result: { readonly timing: number } };
    /** The median of the steps that fit into the time, at least one. */
    readonly timeSteps: {
      readonly parameters: { readonly timing: number; readonly milliseconds: number };
      readonly result: { readonly milliseconds: number };
    };
    readonly forgetSteps: { readonly parameters: object; readonly result: null };
    readonly runStage: { readonly parameters: StageProcessSetting & { readonly work: StageWork }; readonly result: StageOutcome };
    /** Pauses the stage at its next training step, until `proceed`. */
    readonly pause: { readonly parameters: object; readonly result: null };
    readonly proceed: { readonly parameters: object; readonly result: null };
  };
  readonly events: {
    readonly progress: { readonly phase: NodePhase; readonly fraction: number; readonly training: TrainingProgress | undefined };
    readonly warning: { readonly message: string };
  };
}

/** What the stage in work needs of the worker, which keeps the store. */
export interface StageHostProtocol extends Endpoint {
  readonly requests: {
    readonly loadCheckpoint: { readonly parameters: object; readonly result: { readonly bytes: Uint8Array | undefined } };
    readonly saveCheckpoint: { readonly parameters: { readonly bytes: Uint8Array }; readonly result: null };
    readonly loadStatistics: {
      readonly parameters: { readonly key: string };
      readonly result: { readonly statistics: ActivationStatistics | undefined };
    };
    readonly saveStatistics: {
      readonly parameters: { readonly key: string; readonly statistics: ActivationStatistics };
      readonly result: null;
    };
    /** Replies once all other stages are paused. */
    readonly pauseOthers: { readonly parameters: object; readonly result: null };
    readonly resumeOthers: { readonly parameters: object; readonly result: null };
  };
  readonly events: Record<never, never>;
}
