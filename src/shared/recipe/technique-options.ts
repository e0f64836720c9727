import type { ClusteringOptions } from './clustering-options.ts';
import type { PruningOptions } from './pruning-options.ts';
import type { PostTrainingQuantizationOptions, QuantizationAwareTrainingOptions } from './quantization-options.ts';
import type { TrainingOptions } from './training-options.ts';
import type { VariantOptions } from './variant-options.ts';

/** A technique's options; `false` leaves the technique and all below it out; a list grows one branch for each entry. */
export interface TechniqueOptions {
  /** Pruning: makes part of the weights zero, then trains the others. */
  readonly pruning?: Choice<PruningOptions>;
  /** Clustering: gives the weights of each kernel a few shared values, then trains these. */
  readonly clustering?: Choice<ClusteringOptions>;
  /** Clustering of the pruned model that keeps its zeros. */
  readonly sparsityPreservingClustering?: Choice<ClusteringOptions>;
  /** Post-training quantization: an int8 file of every float model of the tree, without training. */
  readonly ptq?: Choice<PostTrainingQuantizationOptions>;
  /**
   * Quantization after training with 4-bit weights of convolutions and dense layers; other kernels keep 8 bits. Only
   * where the recipe names it: `{}` takes all defaults.
   */
  readonly ptq4?: Choice<PostTrainingQuantizationOptions>;
  /** Quantization-aware training of the trained model (QAT). */
  readonly qat?: Choice<QuantizationAwareTrainingOptions>;
  /** Quantization-aware training of the pruned model that keeps its zeros (PQAT). */
  readonly pqat?: Choice<QuantizationAwareTrainingOptions>;
  /** Quantization-aware training of the clustered model that keeps its shared values (CQAT). */
  readonly cqat?: Choice<QuantizationAwareTrainingOptions>;
  /** Quantization-aware training of the pruned, clustered model that keeps zeros and shared values (PCQAT). */
  readonly pcqat?: Choice<QuantizationAwareTrainingOptions>;
  /** The float control. */
  readonly fineTuning?: Choice<FineTuningOptions>;
}

export type Choice<Options> = Options | false | readonly Options[];

/** Of the float control. */
export type FineTuningOptions = VariantOptions & TrainingOptions;
