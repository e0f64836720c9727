import { projectWeights } from '../constraints/project.ts';
import { evaluateNetwork } from '../measure/evaluate-network.ts';
import { type Stage, trainFloatStage, type TrainingDefaults, type TrainingOptions } from './fine-tuning-stage.ts';
import { reestimateBatchNorms } from './reestimate-batch-norms.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/**
 * A stage of a network that was fitted to its constraints beforehand. A model that its data have nothing more to teach
 * forgets in training, so the network stays as it was where it does better on validation examples than the trained one;
 * `restoreBest: false` takes the trained one always.
 *
 * @param stage its masks and centroids final
 */
export async function trainFittedStage(
  stage: Stage,
  context: TechniqueContext,
  options: TrainingOptions,
  defaults: TrainingDefaults,
): Promise<OptimizedModel> {
  const trained = await trainFloatStage(stage, context, options, defaults);
  const { validation } = context.data;
  if (validation.size === 0 || options.restoreBest === false) return trained;
  const untrained = await untrainedModel(stage, context);
  const score = (model: OptimizedModel): Promise<number> => scoreOf(model, context);
  const [before, after] = [await score(untrained), await score(trained)];
  if (before <= after) return trained;
  const shown = (value: number): string =>
    validation.target.kind === 'classes' ? `${(100 * value).toFixed(1)}%` : (-value).toPrecision(4);
  context.warn(
    `training takes the fitted weights from ${shown(before)} to ${shown(after)} on ${validation.size} validation examples, so they stay as they were fitted; ` +
      'a lower "learningRate" or "distillation" may gain something, and "restoreBest": false takes the trained weights',
  );
  return { ...trained, ...untrained };
}

async function untrainedModel({ network, constraints }: Stage, context: TechniqueContext): Promise<OptimizedModel> {
  const parameters = new Map(network.parameters);
  for (const [id, list] of constraints) {
    const parameter = parameters.get(id);
    if (parameter !== undefined) parameters.set(id, { ...parameter, data: projectWeights(parameter.data, parameter.shape, list) });
  }
  return { network: await reestimateBatchNorms({ ...network, parameters }, context), constraints, ranges: undefined };
}

/** Higher is better: the share of right answers, or minus the mean squared error. */
async function scoreOf({ network }: OptimizedModel, { engine, data, signal }: TechniqueContext): Promise<number> {
  const { top1, meanSquaredError } = await evaluateNetwork({ engine, network, data: data.validation, signal });
  return top1 ?? -(meanSquaredError ?? Infinity);
}
