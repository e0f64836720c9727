/** What a recipe says of fine-tuning. */

/** Of fine-tuning. Without a value: derived from the model and the data. */
export interface TrainingOptions {
  /**
   * Passes over the training examples.
   * @minimum 0
   */
  readonly epochs?: number;
  /**
   * Optimizer steps; overrides epochs.
   * @asType integer
   * @minimum 1
   */
  readonly steps?: number;
  /**
   * Training examples in each step.
   * @asType integer
   * @minimum 1
   * @default 64
   */
  readonly batchSize?: number;
  /**
   * Of Adam, at the start; `"range-test"` finds it by a short test with rising rates before each training. Default: by
   * technique, from 1e-4 (PQAT, CQAT, PCQAT) to 1e-3 (pruning before the training).
   * @examples [0.0001, "range-test"]
   */
  readonly learningRate?: LearningRate | 'range-test';
  /**
   * How the learning rate goes on from there: falls with a cosine to a hundredth, or stays.
   * @default "cosine"
   */
  readonly learningRateSchedule?: 'cosine' | 'constant';
  /**
   * Take the weights of the epoch that validates best instead of the last one's. Default: where the learning rate is
   * constant, whose last epoch is like any other. Weights that were fitted to the whole layers before the training stay
   * where the trained ones validate worse by more than half a point, and quantization without training stays where
   * PQAT, CQAT or PCQAT validate worse, unless this is false.
   */
  readonly restoreBest?: boolean;
  /**
   * Whether batch norms take their statistics from these data, or keep those of the model. Default: from these data,
   * unless that makes the model much worse before any training.
   */
  readonly batchNorm?: 'training' | 'frozen';
  /** Learns a teacher's predictions beside the labels; `true` takes the trained model itself, temperature 2 and weight 0.5. */
  readonly distillation?: boolean | Distillation;
  /**
   * Take moving averages of the weights over the last steps instead of the last weights; `true` averages over the second half
   * with a decay of 0.99. Masks, shared values and integer grids hold for the averages as for the weights.
   * @default false
   */
  readonly averaging?: boolean | AveragingOptions;
  /**
   * Names or patterns of layers that keep their weights: they are not trained, pruned or clustered. `*` stands for any
   * characters.
   * @examples [["conv2d*"]]
   */
  readonly freeze?: readonly string[];
}

/** @exclusiveMinimum 0 */
export type LearningRate = number;

export interface Distillation {
  /**
   * Path of another trained model, relative to the recipe, in any format that models have. It takes the same inputs, with the same
   * preprocessing, and gives the same outputs. Default: the trained model itself.
   * @examples ["big.h5"]
   */
  readonly teacher?: string;
  /**
   * @exclusiveMinimum 0
   * @default 2
   */
  readonly temperature?: number;
  /**
   * Weight of the teacher's answers against the labels'.
   * @minimum 0
   * @maximum 1
   * @default 0.5
   */
  readonly weight?: number;
}

export interface AveragingOptions {
  /**
   * Weight of the old average at each step: 0.99 averages over about a hundred.
   * @exclusiveMinimum 0
   * @exclusiveMaximum 1
   * @default 0.99
   */
  readonly decay?: number;
  /**
   * Share of the training after which weights are averaged.
   * @minimum 0
   * @exclusiveMaximum 1
   * @default 0.5
   */
  readonly begin?: number;
}
