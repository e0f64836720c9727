import { projectNetwork } from '../constraints/composition.ts';
import { chooseBatchNormMode, updateBatchNorms } from './batch-norm-mode.ts';
import type { TrainingDefaults } from '../../shared/recipe/defaults.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import { type TrainedStage, trainFloatStage } from './fine-tuning-stage.ts';
import { errorsShown, isMuchWorse, networkError } from './network-error.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/**
 * Largest increase of the error on validation examples, as a share of the examples or of the mean squared error. The
 * model may have been trained on these examples, so a small increase need not be a loss.
 */
const acceptedLoss = 0.005;

/**
 * Trains a network that was fitted to its constraints beforehand. Training can only make a model worse that has nothing
 * more to learn from its data, so the fitted network is kept where the trained one is worse on validation examples by
 * more than `acceptedLoss`; `restoreBest: false` always takes the trained one.
 *
 * @param stage its masks and centroids final
 */
export async function trainFittedStage(
  stage: TrainedStage,
  context: TechniqueContext,
  options: TrainingOptions,
  defaults: TrainingDefaults,
): Promise<OptimizedModel> {
  const fitted = projectNetwork(stage.network, stage.constraints);
  const batchNorm = await chooseBatchNormMode(fitted, context, options);
  const trained = await trainFloatStage(stage, context, { ...options, batchNorm }, defaults);
  const { validation } = context.data;
  if (validation.size === 0 || options.restoreBest === false) return trained;
  const untrained = { network: await updateBatchNorms(fitted, context, batchNorm), constraints: stage.constraints, ranges: undefined };
  const [before, after] = [await networkError(validation, untrained, context), await networkError(validation, trained, context)];
  if (!isMuchWorse(before, after, validation, acceptedLoss, acceptedLoss)) return trained;
  context.warn(
    `training takes the fitted weights ${errorsShown(before, after, validation, 'validation')}, so they stay as they were fitted; ` +
      'a lower "learningRate" or "distillation" may gain something, and "restoreBest": false takes the trained weights',
  );
  return { ...trained, ...untrained };
}
