/** Techniques by their ids, without a tree around them: for tests and benchmarks. */
import type { QuantizedNetwork } from '../../src/core/quantize/quantization.ts';
import { applyTechnique } from '../../src/core/techniques/index.ts';
import type { OptimizedModel, TechniqueContext, TechniqueResult } from '../../src/core/techniques/technique.ts';
import type { PostTrainingQuantizationOptions } from '../../src/shared/recipe/quantization-options.ts';
import type { LayerRule } from '../../src/shared/recipe/layer-rule.ts';
import type { OptionsOf, TechniqueId } from '../../src/shared/techniques.ts';

/** What a technique makes of a model; one with constraints has been trained by an earlier stage. */
export async function apply<Id extends TechniqueId>(
  technique: Id,
  model: OptimizedModel,
  context: TechniqueContext,
  options?: OptionsOf<Id>,
  rules: readonly LayerRule[] = [],
): Promise<OptimizedModel> {
  return (await applyStage(technique, model, context, options, rules)).model;
}

/** What post-training quantization gives the writer. */
export async function quantize(
  model: OptimizedModel,
  context: TechniqueContext,
  options?: PostTrainingQuantizationOptions,
): Promise<QuantizedNetwork> {
  const { quantized } = await applyStage('ptq', model, context, options, []);
  if (quantized === undefined) throw new Error('post-training quantization quantized nothing');
  return quantized;
}

function applyStage(
  technique: TechniqueId,
  model: OptimizedModel,
  context: TechniqueContext,
  options: object = {},
  rules: readonly LayerRule[],
): Promise<TechniqueResult> {
  return applyTechnique(
    { technique, options },
    model,
    { ...context, parentTrained: context.parentTrained || model.constraints.size > 0 },
    rules,
  );
}
