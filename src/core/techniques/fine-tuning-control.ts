import { trainFloatStage, type TrainingOptions } from './fine-tuning-stage.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/** The float control: the same training with no constraint, so that gains from mere training can be seen. */
export async function applyFineTuningControl(
  model: OptimizedModel,
  context: TechniqueContext,
  options: TrainingOptions = {},
): Promise<OptimizedModel> {
  return trainFloatStage({ network: model.network, constraints: new Map() }, context, options, {
    epochs: 2,
    batchSize: 64,
    learningRate: 5e-4,
  });
}
