import { projectNetwork } from '../constraints/composition.ts';
import { chooseBatchNormMode, updateBatchNorms } from './batch-norm-mode.ts';
import type { TrainingDefaults } from '../../shared/recipe/defaults.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import { type TrainedStage, trainFloatStage } from './fine-tuning-stage.ts';
import { errorsShown, networkError } from './network-error.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/**
 * How much more wrong a trained network may be on validation examples, as a share of the examples, or of the mean squared
 * error: whoever trained the model may have seen them, so that forgetting them does not yet mean anything.
 */
const acceptedLoss = 0.005;

/**
 * A stage of a network that was fitted to its constraints beforehand. A model that its data have nothing more to teach
 * forgets in training, so the network stays as it was where the trained one does worse on validation examples by more
 * than `acceptedLoss`; `restoreBest: false` takes the trained one always.
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
  const accepted = validation.target.kind === 'classes' ? acceptedLoss : acceptedLoss * before;
  if (after - before <= accepted) return trained;
  context.warn(
    `training takes the fitted weights ${errorsShown(before, after, validation, 'validation')}, so they stay as they were fitted; ` +
      'a lower "learningRate" or "distillation" may gain something, and "restoreBest": false takes the trained weights',
  );
  return { ...trained, ...untrained };
}
