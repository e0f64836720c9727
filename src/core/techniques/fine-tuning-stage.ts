/** The training that stages share: defaults derived from the data, distillation, and progress in the node's terms. */
import type { NetworkConstraints } from '../constraints/constraint.ts';
import { projectNetwork } from '../constraints/project.ts';
import type { Network } from '../network/network.ts';
import { fineTune } from '../train/fine-tune.ts';
import type {
  ActivationFakeQuantization,
  BatchNormMode,
  FineTuned,
  LearningRateSchedule,
  Loss,
  MaskSchedule,
  Optimizer,
} from '../train/fine-tuning.ts';
import { chooseBatchNormMode, settleBatchNorms } from './batch-norm-mode.ts';
import { frozenParameters } from './frozen-layers.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

export interface TrainingOptions {
  readonly epochs?: number;
  /** Overrides epochs. */
  readonly steps?: number;
  readonly batchSize?: number;
  readonly optimizer?: Optimizer;
  /** A number is where `learningRateSchedule` begins. */
  readonly learningRate?: number | LearningRateSchedule;
  /** A cosine, the default, ends at a hundredth of the rate. */
  readonly learningRateSchedule?: 'cosine' | 'constant';
  readonly gradientClipNorm?: number;
  /** The weights of the epoch that validates best; default: with a constant rate, whose last epoch is not special. */
  readonly restoreBest?: boolean;
  /** Default: as the data want it, see `chooseBatchNormMode`. */
  readonly batchNorm?: BatchNormMode;
  /** Names or patterns of layers that keep their weights. */
  readonly freeze?: readonly string[];
  /** Learn from a teacher, usually the baseline, besides the labels. */
  readonly distillation?: Distillation;
}

export interface Distillation {
  readonly teacher: Network;
  /** Default: 2. */
  readonly temperature?: number;
  /** Share of the teacher in the loss; default: 0.5. */
  readonly weight?: number;
}

export interface TrainingDefaults {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

const adam: Optimizer = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
/** Small data sets get more epochs, so that masks, centroids and ranges have time to settle. */
const fewestSteps = 400;

export interface Stage {
  readonly network: Network;
  readonly constraints: NetworkConstraints;
  readonly maskSchedule?: MaskSchedule;
  readonly activations?: ActivationFakeQuantization;
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
  stage: Stage,
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
    loss: stageLoss(context.loss, options.distillation),
    optimizer: options.optimizer ?? adam,
    learningRate,
    epochs: options.epochs ?? defaults.epochs,
    steps,
    batchSize,
    seed: context.seed,
    batchNorm: options.batchNorm ?? 'training',
    slowSmallKernels: true,
    ...(options.freeze === undefined ? {} : { frozen: frozenParameters(stage.network, options.freeze) }),
    ...(options.gradientClipNorm === undefined ? {} : { gradientClipNorm: options.gradientClipNorm }),
    restoreBest: options.restoreBest ?? learningRate.kind === 'constant',
    ...(context.checkpoint === undefined ? {} : { checkpoint: context.checkpoint }),
    ...(context.memoryBytes === undefined ? {} : { memoryBytes: context.memoryBytes }),
    signal: context.signal,
    onProgress: (training) => {
      context.onProgress('training', training.step / training.steps, training);
    },
  });
}

function scheduleOf({ learningRate: rate, learningRateSchedule }: TrainingOptions, defaults: TrainingDefaults): LearningRateSchedule {
  const first = rate ?? defaults.learningRate;
  if (typeof first !== 'number') return first;
  return learningRateSchedule === 'constant' ? { kind: 'constant', rate: first } : { kind: 'cosine', rate: first, finalRate: first / 100 };
}

/**
 * A stage of the float network. Batch-norm statistics that moved are measured again at its end: the running averages lag
 * behind weights that have been masked or moved to centroids, and the next step folds them.
 */
export async function trainFloatStage(
  stage: Stage,
  context: TechniqueContext,
  options: TrainingOptions,
  defaults: TrainingDefaults,
): Promise<OptimizedModel> {
  const batchNorm = await chooseBatchNormMode(projectNetwork(stage.network, stage.constraints), context, options);
  const trained = await trainStage(stage, context, { ...options, batchNorm }, defaults);
  return optimizedModel({ ...trained, network: await settleBatchNorms(trained.network, context, batchNorm) });
}

export function optimizedModel({ network, constraints, ranges, curve, seconds }: FineTuned): OptimizedModel {
  return { network, constraints, ranges: ranges.size === 0 ? undefined : ranges, curve, trainingSeconds: seconds };
}

function stageLoss(loss: Loss, distillation: Distillation | undefined): Loss {
  if (distillation === undefined) return loss;
  const { teacher, temperature = 2, weight = 0.5 } = distillation;
  return { kind: 'distillation', teacher, temperature, weight };
}
