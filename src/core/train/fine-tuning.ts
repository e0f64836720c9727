import type { NetworkConstraints } from '../constraints/constraint.ts';
import type { DataSet } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import type { TrainingState } from './training-state.ts';
import type { Range } from '../quantize/quantization.ts';
import type { CurvePoint, RangeTest } from '../../shared/results.ts';
import type { TrainingProgress } from '../../shared/events.ts';

export type LossKind = 'crossEntropy' | 'binaryCrossEntropy' | 'meanSquaredError' | 'meanAbsoluteError';

/** Of one output of the network. */
export interface OutputLoss {
  /** Its place among the outputs, from 0. */
  readonly output: number;
  readonly loss: LossKind;
  /** In the sum over outputs. */
  readonly weight: number;
  /** Squared errors are divided by it: the variance of what is predicted, so that outputs of any size count alike. Default 1. */
  readonly variance?: number | undefined;
}

/**
 * The soft part of a loss of labels: `weight * T^2 * KL(teacher || student) + (1 - weight) * cross-entropy`; Hinton et al.
 * 2015, arXiv:1503.02531. With a binary cross-entropy the same of its sigmoids; errors of numbers are mixed as they are.
 */
export interface Distillation {
  readonly teacher: Network;
  readonly temperature: number;
  readonly weight: number;
  /** Outputs without a cross-entropy learn their labels alone. */
  readonly onlyClasses?: boolean | undefined;
}

/** Of the only or first output, or the weighted sum over several. */
export type Loss =
  | { readonly kind: LossKind }
  | ({ readonly kind: 'distillation' } & Distillation)
  | {
      readonly kind: 'outputs';
      readonly outputs: readonly OutputLoss[];
      readonly distillation?: Distillation | undefined;
    };

export type Optimizer =
  | { readonly kind: 'sgd'; readonly momentum: number; readonly nesterov: boolean; readonly weightDecay?: number }
  /** Kingma & Ba 2015, arXiv:1412.6980; defaults of Keras: 0.9, 0.999, 1e-7. */
  | { readonly kind: 'adam'; readonly beta1: number; readonly beta2: number; readonly epsilon: number }
  | { readonly kind: 'adamW'; readonly beta1: number; readonly beta2: number; readonly epsilon: number; readonly weightDecay: number };

export type LearningRateSchedule =
  | { readonly kind: 'constant'; readonly rate: number; readonly warmUpSteps?: number }
  | { readonly kind: 'cosine'; readonly rate: number; readonly finalRate: number; readonly warmUpSteps?: number }
  | { readonly kind: 'step'; readonly rate: number; readonly factor: number; readonly everySteps: number; readonly warmUpSteps?: number };

/** Which batch-norm statistics a training step uses: those of its batch, or the stored ones, which stay. */
export type BatchNormMode = 'training' | 'frozen';

/** Fake quantization of activations during training; groups and values come from the quantization plan. */
export interface ActivationFakeQuantization {
  readonly ranges: ReadonlyMap<ValueId, Range>;
  /** The moving average stops after this step; 0 freezes the calibrated ranges from the start. */
  readonly freezeAfterStep: number;
  /** Weight of the old range, 0.999 as in TFMOT. */
  readonly decay: number;
}

/** Recomputes sparsity masks while training: a pruning schedule. */
export interface MaskSchedule {
  /** Whether weights go on learning while a mask holds them at zero; else they begin at zero when it lets them go. */
  readonly maskedWeightsLearn?: boolean;
  /** Whether masks are recomputed at this step (steps count from 1, before the forward pass). */
  due(step: number): boolean;
  /** New masks of the parameters it governs, from their current latent weights. Each has a sparsity constraint already. */
  masks(step: number, weights: ReadonlyMap<ParameterId, Float32Array>): ReadonlyMap<ParameterId, Uint8Array>;
}

/** The result has moving averages of the weights instead of the last ones; see `WeightAverages`. */
export interface Averaging {
  /** Weight of the old average at each step. */
  readonly decay: number;
  /** The first step that counts, from 1; where masks still move after it, the last step at which they do. */
  readonly fromStep: number;
}

export interface EarlyStopping {
  readonly patience: number;
  /** Of the accuracy (or of minus the mean squared error). */
  readonly minimumDelta: number;
}

export interface Checkpointing {
  readonly everySteps: number;
  /** Also after so many seconds since the last one: steps of large networks are slow. */
  readonly everySeconds?: number;
  /** The state is the caller's to keep; see `encodeTrainingState`. Training waits for the promise. */
  save(state: TrainingState): Promise<void>;
  /** Training goes on from here and ends at the same bits as if it had never stopped, at the same number of threads. */
  readonly resumeFrom?: TrainingState | undefined;
}

export interface FineTuning {
  readonly engine: Engine;
  readonly network: Network;
  /** In force in every forward pass and in the result. */
  readonly constraints: NetworkConstraints;
  readonly maskSchedule?: MaskSchedule | undefined;
  readonly activations?: ActivationFakeQuantization | undefined;
  readonly train: DataSet;
  readonly validation: DataSet | undefined;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly learningRate: LearningRateSchedule;
  /** Replaces the rate at the start by one that a short test finds before the training; see `testRates`. */
  readonly rangeTest?: { readonly onProgress: (fraction: number) => void } | undefined;
  readonly epochs: number;
  /** Overrides epochs when given. */
  readonly steps?: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly batchNorm: BatchNormMode;
  /** Parameters that are not trained, by id. */
  readonly frozen?: ReadonlySet<ParameterId> | undefined;
  readonly gradientClipNorm?: number;
  /** Smaller steps for kernels of small weights, so that a learning rate suits models that have learned: see `kernelStepFactors`. */
  readonly slowSmallKernels?: boolean;
  /** Take the weights of the epoch with the best validation accuracy (only once masks are final). */
  readonly restoreBest?: boolean;
  readonly averaging?: Averaging | undefined;
  /** Stops when the validation score has not risen by `minimumDelta` for `patience` epochs. */
  readonly earlyStopping?: EarlyStopping;
  readonly checkpoint?: Checkpointing | undefined;
  /** What a training step may take; by default most of what is free. A batch that needs more is trained in parts, its gradients added up. */
  readonly memoryBytes?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TrainingProgress) => void;
}

export interface FineTuned {
  /** Weights projected: what the constraints promise holds for `network` as it is. */
  readonly network: Network;
  /** With the final masks, centroids and scales. */
  readonly constraints: NetworkConstraints;
  readonly ranges: ReadonlyMap<ValueId, Range>;
  readonly curve: readonly CurvePoint[];
  /** Where a test chose the learning rate. */
  readonly rangeTest?: RangeTest | undefined;
  readonly steps: number;
  readonly seconds: number;
}
