import type { DataSplits } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import { evaluateNetwork } from '../measure/evaluate-network.ts';
import type { Network } from '../network/network.ts';
import { fineTune } from '../train/fine-tune.ts';
import type { TrainingProgress } from '../../shared/events.ts';
import type { Accuracy } from '../../shared/results.ts';
import { plannedLoss, planTask } from '../task/plan-task.ts';

/**
 * How a network is trained from its initial weights: AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101), the learning
 * rate rising linearly over the first twentieth of the steps and falling in a cosine to a hundredth of its peak.
 */
export interface TrainingPlan {
  /** Passes over the training examples. */
  readonly epochs: number;
  readonly batchSize: number;
  /** The peak. */
  readonly learningRate: number;
  /** Share of a weight that a step takes away, times the learning rate. */
  readonly weightDecay: number;
}

export interface TrainingFromScratch {
  readonly engine: Engine;
  /** With initial weights. */
  readonly network: Network;
  readonly data: DataSplits;
  readonly plan: TrainingPlan;
  /** Order of the examples. */
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: 'training' | 'evaluating', fraction: number, training?: TrainingProgress) => void;
}

export interface TrainedBaseline {
  readonly network: Network;
  /** On the test examples, as the engine computes it. */
  readonly accuracy: Accuracy;
  /** Of training. */
  readonly seconds: number;
}

const warmUpShare = 0.05;

/** @throws EspalierError as `fineTune` does, and `invalid-data` when network and data do not go together */
export async function trainFromScratch(training: TrainingFromScratch): Promise<TrainedBaseline> {
  const { engine, network: initial, data, plan, seed, signal, onProgress } = training;
  const { epochs, batchSize, learningRate, weightDecay } = plan;
  const steps = epochs * Math.ceil(data.train.size / Math.min(batchSize, Math.max(data.train.size, 1)));
  const { network, seconds } = await fineTune({
    engine,
    network: initial,
    constraints: new Map(),
    train: data.train,
    validation: undefined,
    loss: plannedLoss(planTask(initial, data), new Map()),
    optimizer: { kind: 'adamW', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay },
    learningRate: { kind: 'cosine', rate: learningRate, finalRate: learningRate / 100, warmUpSteps: Math.round(steps * warmUpShare) },
    epochs,
    batchSize: Math.min(batchSize, data.train.size),
    seed,
    batchNorm: 'training',
    signal,
    onProgress: (progress) => onProgress('training', progress.step / progress.steps, progress),
  });
  const accuracy = await evaluateNetwork({
    engine,
    network,
    data: data.test,
    signal,
    onProgress: (fraction) => onProgress('evaluating', fraction),
  });
  return { network, accuracy, seconds };
}
