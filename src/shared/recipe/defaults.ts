/**
 * What a recipe means where it says nothing: the one place of each default. The schema's `@default` tags repeat some of
 * them for the editor; a test compares.
 */

/** Share of zeros in a pruned kernel. */
export const defaultSparsity = 0.5;
/** Values that a clustered kernel may take. */
export const defaultClusters = 16;
/** Training examples that calibrate the ranges of activations. */
export const defaultCalibrationSamples = 1000;
/** Share of a quantization-aware training after which the ranges of activations stand still. */
export const defaultFreezeRangesAfter = 0.5;
/** Of the teacher's answers. */
export const defaultDistillation = { temperature: 2, weight: 0.5 } as const;
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
  /** Pruned before the training, a network has all of it to settle, and is kept as it was where that is too much. */
  prunedBefore: { epochs: 2, batchSize: 64, learningRate: 1e-3 },
  clustering: { epochs: 1, batchSize: 64, learningRate: 5e-4 },
  /** Of a fitted network that an earlier stage has trained: it moves little, and longer steps forget. */
  clusteringOfTrainedParent: { epochs: 1, batchSize: 64, learningRate: 2e-4 },
  integerGrid: { epochs: 1, batchSize: 64, learningRate: 1e-4 },
  /** Behind batch norms the size of a kernel, and of its steps, does not matter: they train as in a float stage. */
  normalizedIntegerGrid: { epochs: 1, batchSize: 64, learningRate: 3e-4 },
} as const satisfies Readonly<Record<string, TrainingDefaults>>;
