/** The training that stages share: defaults derived from the data, distillation, and progress in the node's terms. */
import type { NetworkConstraints } from '../constraints/constraint.ts';
import { projectNetwork } from '../constraints/composition.ts';
import { defaultAveraging, defaultDistillation, type TrainingDefaults } from '../../shared/recipe/defaults.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import type { Network } from '../network/network.ts';
import { fineTune } from '../train/fine-tune.ts';
import type {
  ActivationFakeQuantization,
  Averaging,
  Distillation,
  FineTuned,
  LearningRateSchedule,
  Loss,
  MaskSchedule,
  Optimizer,
} from '../train/fine-tuning.ts';
import { lossTerms } from '../train/losses.ts';
import { chooseBatchNormMode, updateBatchNorms } from './batch-norm-mode.ts';
import { frozenParameters } from './frozen-layers.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

const adam: Optimizer = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
/** Small data sets get more epochs, so that masks, centroids and ranges converge. */
export const fewestSteps = 400;

/** What is trained. */
export interface TrainedStage {
  readonly network: Network;
  readonly constraints: NetworkConstraints;
  readonly maskSchedule?: MaskSchedule | undefined;
  readonly activations?: ActivationFakeQuantization | undefined;
}

export interface TrainingPlan {
  readonly steps: number;
  readonly batchSize: number;
}

/** How long a stage trains, known before it starts: pruning schedules are laid out over it. */
export function planTraining(context: TechniqueContext, options: TrainingOptions, defaults: TrainingDefaults): TrainingPlan {
  const batchSize = Math.min(options.batchSize ?? defaults.batchSize, context.data.train.size);
  const stepsPerEpoch = Math.ceil(context.data.train.size / Math.max(batchSize, 1));
  const byEpochs = (options.epochs ?? defaults.epochs) * stepsPerEpoch;
  return { batchSize, steps: options.steps ?? (options.epochs === undefined ? Math.max(byEpochs, fewestSteps) : byEpochs) };
}

export async function trainStage(
  stage: TrainedStage,
  context: TechniqueContext,
  options: TrainingOptions,
  defaults: TrainingDefaults,
): Promise<FineTuned> {
  const { steps, batchSize } = planTraining(context, options, defaults);
  const learningRate = scheduleOf(options, defaults);
  return fineTune({
    ...stage,
    engine: context.engine,
    train: context.data.train,
    validation: context.data.validation,
    loss: await stageLoss(context, options.distillation),
    optimizer: adam,
    learningRate,
    rangeTest:
      options.learningRate === 'range-test' ? { onProgress: (fraction) => context.onProgress('finding-rate', fraction) } : undefined,
    epochs: options.epochs ?? defaults.epochs,
    steps,
    batchSize,
    seed: context.seed,
    batchNorm: options.batchNorm ?? 'training',
    slowSmallKernels: true,
    frozen: options.freeze && frozenParameters(stage.network, options.freeze),
    restoreBest: options.restoreBest ?? learningRate.kind === 'constant',
    averaging: averagingOf(options, steps),
    checkpoint: context.checkpoint,
    memoryBytes: context.memoryBytes,
    signal: context.signal,
    onProgress: (training) => {
      context.onProgress('training', training.step / training.steps, training);
    },
  });
}

function averagingOf({ averaging }: TrainingOptions, steps: number): Averaging | undefined {
  if (averaging === undefined || averaging === false) return undefined;
  const { decay, begin } = { ...defaultAveraging, ...(averaging === true ? {} : averaging) };
  return { decay, fromStep: Math.min(Math.floor(steps * begin) + 1, steps) };
}

/** A cosine ends at a hundredth of the rate. */
function scheduleOf({ learningRate, learningRateSchedule }: TrainingOptions, defaults: TrainingDefaults): LearningRateSchedule {
  const rate = learningRate === undefined || learningRate === 'range-test' ? defaults.learningRate : learningRate;
  return learningRateSchedule === 'constant' ? { kind: 'constant', rate } : { kind: 'cosine', rate, finalRate: rate / 100 };
}

/**
 * Trains a stage of the float network. Batch-norm statistics that moved are re-estimated at its end: the running
 * averages lag behind weights that have been masked or moved to centroids, and the next step folds them.
 */
export async function trainFloatStage(
  stage: TrainedStage,
  context: TechniqueContext,
  options: TrainingOptions,
  defaults: TrainingDefaults,
): Promise<OptimizedModel> {
  const batchNorm = await chooseBatchNormMode(projectNetwork(stage.network, stage.constraints), context, options);
  const trained = await trainStage(stage, context, { ...options, batchNorm }, defaults);
  return optimizedModel({ ...trained, network: await updateBatchNorms(trained.network, context, batchNorm) });
}

export function optimizedModel({ network, constraints, ranges, curve, rangeTest, seconds }: FineTuned): OptimizedModel {
  return { network, constraints, ranges: ranges.size === 0 ? undefined : ranges, curve, rangeTest, trainingSeconds: seconds };
}

async function stageLoss({ loss, teacher }: TechniqueContext, distillation: TrainingOptions['distillation']): Promise<Loss> {
  if (distillation === undefined || distillation === false) return loss;
  const { teacher: file, ...options } = distillation === true ? {} : distillation;
  const soft: Distillation = { ...defaultDistillation, ...options, teacher: await teacher(file) };
  if (loss.kind === 'crossEntropy') return { kind: 'distillation', ...soft };
  // Without another model as teacher, outputs that learn from the trained model do so already.
  return { ...asOutputs(loss), distillation: { ...soft, onlyClasses: loss.kind === 'outputs' && file === undefined } };
}

function asOutputs(loss: Loss): Extract<Loss, { readonly kind: 'outputs' }> {
  return { kind: 'outputs', outputs: lossTerms(loss).outputs };
}
