import type { ClusteringOptions } from './clustering-options.ts';
import type { PruningOptions } from './pruning-options.ts';
import type { PostTrainingQuantizationOptions, QuantizationAwareTrainingOptions } from './quantization-options.ts';
import type { TrainingOptions } from './training-options.ts';
import type { VariantOptions } from './variant-options.ts';

/** A technique's options; `false` leaves the technique and all below it out; a list grows one branch for each entry. */
export interface TechniqueOptions {
  readonly pruning?: Choice<PruningOptions>;
  readonly clustering?: Choice<ClusteringOptions>;
  readonly sparsityPreservingClustering?: Choice<ClusteringOptions>;
  readonly ptq?: Choice<PostTrainingQuantizationOptions>;
  /**
   * Quantization after training with 4-bit weights of convolutions and dense layers; other kernels keep 8 bits. Only
   * where the recipe names it: `{}` takes all defaults.
   */
  readonly ptq4?: Choice<PostTrainingQuantizationOptions>;
  readonly qat?: Choice<QuantizationAwareTrainingOptions>;
  readonly pqat?: Choice<QuantizationAwareTrainingOptions>;
  readonly cqat?: Choice<QuantizationAwareTrainingOptions>;
  readonly pcqat?: Choice<QuantizationAwareTrainingOptions>;
  /** The float control. */
  readonly fineTuning?: Choice<FineTuningOptions>;
}

export type Choice<Options> = Options | false | readonly Options[];

/** Of the float control. */
export type FineTuningOptions = VariantOptions & TrainingOptions;
