import { type QuantizationAwareTrainingOptions, trainOnIntegerGrid } from './quantization-aware-training.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/** Cluster-preserving quantization-aware training: weights stay on their codebook, whose centroids go on learning. */
export function applyCqat(
  model: OptimizedModel,
  context: TechniqueContext,
  options: QuantizationAwareTrainingOptions = {},
): Promise<OptimizedModel> {
  return trainOnIntegerGrid(model, context, options, ['codebook']);
}
