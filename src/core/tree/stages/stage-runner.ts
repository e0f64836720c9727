/** Runs one stage. The walk over the tree knows only this interface, so that it can be tested without training. */
import type { NodePhase, TrainingProgress } from '../../../shared/events.ts';
import type { LayerRule } from '../../../shared/recipe/layer-rule.ts';
import type { DensityPlot, NodeMetrics } from '../../../shared/results.ts';
import type { TreeNode } from '../../../shared/tree.ts';
import type { Expectations } from '../../constraints/expectation.ts';
import type { StatisticsStore } from '../../quantize/kept-statistics.ts';
import type { Mistakes } from '../../scoring/mistakes.ts';
import type { Stage } from '../deployment-tree.ts';

export interface StageRequest {
  readonly node: TreeNode;
  readonly stage: Stage;
  /** Whether an earlier stage has trained the parent: all but those below the root. */
  readonly parentTrained: boolean;
  readonly rules: readonly LayerRule[];
  /** Files of the parent node; none for the root. */
  readonly parent: StageFiles | undefined;
  /** Files of the root, for distillation. */
  readonly baseline: StageFiles | undefined;
  readonly signal: AbortSignal;
  readonly checkpoint: Checkpoint;
  /** What stages of this model have measured in this run; undefined where nothing is shared. */
  readonly statistics?: StatisticsStore | undefined;
  onProgress(phase: NodePhase, fraction: number, training?: TrainingProgress): void;
  warn(message: string): void;
  /** Does the work while all other stages are paused, so that a latency is measured on an idle machine. */
  whileOthersPause<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Where a training stage keeps its state, so that a killed one can resume. */
export interface Checkpoint {
  load(): Promise<Uint8Array | undefined>;
  save(bytes: Uint8Array): Promise<void>;
}

export interface StageFiles {
  /** The optimized model, as `encodeStructure` writes it. */
  readonly model: Uint8Array;
  readonly tflite: Uint8Array;
  /** The file packed for TFLite Micro, where that makes it smaller. */
  readonly packed?: Uint8Array | undefined;
}

export interface StageOutcome {
  readonly files: StageFiles;
  readonly metrics: NodeMetrics;
  readonly densities: readonly DensityPlot[];
  /** What the certificate was computed from, so that it can be computed again; undefined where there is none. */
  readonly expectations?: Expectations | undefined;
  /** Of a classifier: the test examples that the file gets wrong. Missing in results of earlier versions. */
  readonly mistakes?: Mistakes | undefined;
}

export type StageRunner = (request: StageRequest) => Promise<StageOutcome>;
