/**
 * The value of each recipe field that is left out, in one place. The schema repeats some of them as `@default` tags for
 * the editor; a test compares the two.
 */

import type { StoredForm } from './clustering-options.ts';

/** Share of zeros in a pruned kernel. */
export const defaultSparsity = 0.5;
/** What makes a weight small, see `PruningOptions.criterion`. */
export const defaultCriterion = 'magnitude';
/** The same of `"structure": "xnnpack"`, and the least with which XNNPACK takes its sparse kernels: more than two thirds. */
export const xnnpackSparsity = { usual: 0.8, least: 0.67 } as const;
/** Values that a clustered kernel may take. */
export const defaultClusters = 16;
/** The form whose bytes clustering counts. */
export const defaultSizeOf: StoredForm = 'gzip';
/** Training examples that calibrate the ranges of activations. */
export const defaultCalibrationSamples = 1000;
/** Steps of AdaRound for each layer with 4-bit weights. */
export const defaultRoundingSteps = 1000;
/** Share of a quantization-aware training after which the ranges of activations are frozen. */
export const defaultFreezeRangesAfter = 0.5;
/** Softening and weight of the teacher's predictions. */
export const defaultDistillation = { temperature: 2, weight: 0.5 } as const;
/** Weight of the old average at a step, and the share of the training after which weights are averaged. */
export const defaultAveraging = { decay: 0.99, begin: 0.5 } as const;
/** Training steps of a learning-rate range test: one pass with weights that stand still, one with rates that rise. */
export const rangeTestSteps = 96;
/** Part of the smallest size by which others may be larger and count as equal. */
export const defaultSizeTie = 0.02;
/** Of a search from budgets, where a person is asked for them. */
export const defaultSearchMinutes = 20;
export const defaultSchedule = { begin: 0, frequency: 100, initialSparsity: 0, power: 3 } as const;

export interface TrainingDefaults {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** Measured in docs/techniques.md. */
export const trainingDefaults = {
  /** Pruning with a schedule, and the float control. */
  float: { epochs: 2, batchSize: 64, learningRate: 5e-4 },
  /**
   * Pruning before the training: the whole training serves to recover, so a higher rate pays; the fitted network is kept
   * where training makes it worse.
   */
  prunedBefore: { epochs: 2, batchSize: 64, learningRate: 1e-3 },
  clustering: { epochs: 1, batchSize: 64, learningRate: 5e-4 },
  /** Clustering of a parent that a stage has trained: it is close to an optimum, and larger steps forget. */
  clusteringOfTrainedParent: { epochs: 1, batchSize: 64, learningRate: 2e-4 },
  integerGrid: { epochs: 1, batchSize: 64, learningRate: 1e-4 },
  /** With batch norms the size of a kernel and of its steps has no effect, so the rate of a float stage fits. */
  normalizedIntegerGrid: { epochs: 1, batchSize: 64, learningRate: 3e-4 },
} as const satisfies Readonly<Record<string, TrainingDefaults>>;
