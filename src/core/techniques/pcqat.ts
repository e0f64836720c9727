import { type QuantizationAwareTrainingOptions, trainOnIntegerGrid } from './quantization-aware-training.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/** Sparsity- and cluster-preserving quantization-aware training: masks and codebooks stay in force together. */
export function applyPcqat(
  model: OptimizedModel,
  context: TechniqueContext,
  options: QuantizationAwareTrainingOptions = {},
): Promise<OptimizedModel> {
  return trainOnIntegerGrid(model, context, options, ['sparsity', 'codebook']);
}
