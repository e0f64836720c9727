/** The interface of techniques: a technique is a function from one node of the deployment tree to the next. */
import type { NodePhase, TrainingProgress } from '../../shared/events.ts';
import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { CurvePoint, RangeTest } from '../../shared/results.ts';
import type { TechniqueRow } from '../../shared/techniques.ts';
import type { NetworkConstraints } from '../constraints/constraint.ts';
import type { DataSplits } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import type { StatisticsStore } from '../quantize/kept-statistics.ts';
import type { QuantizedNetwork, Range } from '../quantize/quantization.ts';
import type { Checkpointing, Loss } from '../train/fine-tuning.ts';

/** A node's model: its network satisfies its constraints, which the next technique inherits. */
export interface OptimizedModel {
  readonly network: Network;
  readonly constraints: NetworkConstraints;
  /** Of activations, where quantization-aware training found them, or the baseline's file states them. */
  readonly ranges: ReadonlyMap<ValueId, Range> | undefined;
  /** Of the training that made it; empty where there was none. */
  readonly curve?: readonly CurvePoint[];
  /** Where a test chose the learning rate of that training. */
  readonly rangeTest?: RangeTest | undefined;
  readonly trainingSeconds?: number | undefined;
}

/** A stage with the recipe's options. */
export interface TechniqueRequest<Options> {
  /** Of the table: what the stage inherits and adds. */
  readonly row: TechniqueRow;
  readonly options: Options;
  /** For single layers, a later one before an earlier one. */
  readonly rules: readonly LayerRule[];
}

export interface TechniqueContext {
  readonly engine: Engine;
  readonly data: DataSplits;
  readonly loss: Loss;
  readonly seed: number;
  readonly signal: AbortSignal;
  /**
   * Whether an earlier stage has trained the parent, without the validation examples. Such a network has learned what
   * these data teach: it takes smaller steps, and training must not make it worse. Decided by the place in the tree, so
   * that a preserving technique and its plain control train alike.
   */
  readonly parentTrained: boolean;
  /** The teacher of a distillation: the model of a file, by the path in the options, or without one the baseline. */
  readonly teacher: (file?: string) => Network | Promise<Network>;
  /** Where the stage's training stores its state and resumes from. */
  readonly checkpoint?: Checkpointing | undefined;
  /** What a training step may take; by default most of what is free. */
  readonly memoryBytes?: number | undefined;
  /** What earlier stages have measured of activations. */
  readonly statistics?: StatisticsStore | undefined;
  onProgress(phase: NodePhase, fraction: number, training?: TrainingProgress): void;
  warn(message: string): void;
}

export interface TechniqueResult {
  readonly model: OptimizedModel;
  /** For an int8 technique: the network that the writer takes. */
  readonly quantized?: QuantizedNetwork;
}

/** The code of a technique. Several rows of the table may share one. */
export interface Technique<Options> {
  /**
   * Finds what cannot work before anything is trained.
   *
   * @param zeros kernels of which the parent has zeros to keep
   * @returns those of the result
   * @throws EspalierError `invalid-argument` for options or a layer pattern that do not go with the network
   */
  check?(network: Network, request: TechniqueRequest<Options>, zeros: ReadonlySet<ParameterId>): ReadonlySet<ParameterId>;
  apply(model: OptimizedModel, request: TechniqueRequest<Options>, context: TechniqueContext): Promise<TechniqueResult>;
}
