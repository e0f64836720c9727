/** What every technique takes and gives: a technique is a function from one node of the deployment tree to the next. */
import type { NodePhase, TrainingProgress } from '../../shared/events.ts';
import type { CurvePoint } from '../../shared/results.ts';
import type { NetworkConstraints } from '../constraints/constraint.ts';
import type { DataSplits } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network, ValueId } from '../network/network.ts';
import type { Range } from '../quantize/quantization.ts';
import type { Checkpointing, Loss } from '../train/fine-tuning.ts';

/** A node's model: its network satisfies its constraints, which the next technique inherits. */
export interface OptimizedModel {
  readonly network: Network;
  readonly constraints: NetworkConstraints;
  /** Of activations, where quantization-aware training found them. */
  readonly ranges: ReadonlyMap<ValueId, Range> | undefined;
  /** Of the training that made it; empty where there was none. */
  readonly curve?: readonly CurvePoint[];
  readonly trainingSeconds?: number | undefined;
}

export interface TechniqueContext {
  readonly engine: Engine;
  readonly data: DataSplits;
  readonly loss: Loss;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Where the stage's training keeps its state, and goes on from. */
  readonly checkpoint?: Checkpointing;
  /** What a training step may take; by default most of what is free. */
  readonly memoryBytes?: number;
  onProgress(phase: NodePhase, fraction: number, training?: TrainingProgress): void;
  warn(message: string): void;
}
