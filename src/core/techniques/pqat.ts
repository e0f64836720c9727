import { type QuantizationAwareTrainingOptions, trainOnIntegerGrid } from './quantization-aware-training.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/** Sparsity-preserving quantization-aware training: the masks of the pruned model stay in force. */
export function applyPqat(
  model: OptimizedModel,
  context: TechniqueContext,
  options: QuantizationAwareTrainingOptions = {},
): Promise<OptimizedModel> {
  return trainOnIntegerGrid(model, context, options, ['sparsity']);
}
