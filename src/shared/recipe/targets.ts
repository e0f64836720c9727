/** What a recipe wants to reach, and how far it goes for it. */

/** What a file must reach to be shipped. All that are given must hold. */
export interface Targets {
  /**
   * Most that the deployed file may lose against the trained model in float, in the measure of the task. Of top-1, mean IoU,
   * mAP, ROC AUC and R² the difference: 0.01 is one point. Of errors (MSE, MAE) the increase as a part: 0.01 is 1% more. Of
   * outputs that learn the trained model's what is missing to a cosine of 1. Of several outputs each must keep to it.
   * @minimum 0
   * @maximum 1
   * @examples [0.01]
   */
  readonly accuracyDrop?: number;
  /**
   * Most bytes of the .tflite after gzip -9.
   * @asType integer
   * @minimum 1
   */
  readonly compressedBytes?: number;
  /**
   * Most bytes of the .tflite as it is, neither compressed nor packed. A search keeps it by 4-bit weights or fewer filters.
   * @asType integer
   * @minimum 1
   */
  readonly fileBytes?: number;
  /**
   * Most bytes of the .tflite as it lies in the flash of a microcontroller, packed as `deploy.pack` says.
   * @asType integer
   * @minimum 1
   */
  readonly packedBytes?: number;
  /**
   * Most bytes of kernels, scales and biases as an Ethos-U reads them, an estimate: on the NPU of `deploy.target` or `deploy.board`,
   * on an Ethos-U55-128 where there is none.
   * @asType integer
   * @minimum 1
   */
  readonly ethosUBytes?: number;
  /**
   * Most bytes of RAM: the tensor arena of TFLite Micro, on the board or target of `deploy` where one is given.
   * @asType integer
   * @minimum 1
   */
  readonly ramBytes?: number;
  /**
   * Most bytes of flash that the plain .tflite and the code that runs it take.
   * @asType integer
   * @minimum 1
   */
  readonly flashBytes?: number;
  /**
   * Most multiply-accumulates of one inference.
   * @asType integer
   * @minimum 1
   */
  readonly macs?: number;
  /**
   * Most cycles of one inference, as they are estimated for the board or target of `deploy`.
   * @asType integer
   * @minimum 1
   */
  readonly cycles?: number;
  /**
   * Highest median latency of one inference in LiteRT on this machine, in milliseconds.
   * @exclusiveMinimum 0
   */
  readonly latencyMilliseconds?: number;
  /**
   * Files whose sizes differ by at most this part of the smallest count as equally small: of those the most accurate is
   * recommended. 0 always takes the smallest.
   * @minimum 0
   * @maximum 1
   * @default 0.02
   */
  readonly sizeTie?: number;
}

export type Strategy = 'full' | 'until-targets' | UntilTargets | ParetoSearch;

export interface UntilTargets {
  readonly kind: 'until-targets';
  readonly search?: SearchOptions;
}

/** Where a leaf misses the accuracy target, lower the sparsity or raise the cluster count by bisection. */
export interface SearchOptions {
  /**
   * Most stages that the search may train.
   * @asType integer
   * @minimum 1
   * @default 6
   */
  readonly stages?: number;
}

/**
 * From budgets to files: settings for each layer are chosen by how much it suffers from them, trained for a while, and the
 * best on validation examples are trained longer. Takes the place of the tree: `techniques` and `nodes` are not used, options of
 * `training` hold for every stage.
 */
export interface ParetoSearch {
  readonly kind: 'pareto';
  /**
   * Minutes of training on this machine, about. They become training steps, which are kept with the cache, so that the same
   * search gives the same files.
   * @exclusiveMinimum 0
   */
  readonly minutes?: number;
  /**
   * Training steps of all stages together, instead of minutes: the same on every machine.
   * @asType integer
   * @minimum 1
   */
  readonly steps?: number;
  /**
   * What a file must reach, an entry for each file that is wanted; each has `compressedBytes`, `packedBytes`,
   * `fileBytes` or `ethosUBytes`. Without it:
   * `targets`.
   * @examples [[{ "compressedBytes": 60000, "ramBytes": 100000 }]]
   */
  readonly budgets?: readonly Targets[];
}
