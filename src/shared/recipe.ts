/**
 * The recipe, `*.espalier.json`: what to optimize, on which data, how far, and how. The JSON schema is generated from
 * these types, so every comment below is read by users in their editor. Paths are relative to the recipe.
 */

/** `Data` is the type of the data block, which this layer does not look into. */
export interface Recipe<Data = object> {
  /** Where the editor finds the schema. */
  readonly $schema?: string;
  /**
   * The trained model: Keras .h5 or .keras, a TFJS layers model.json, a SavedModel folder with a Keras config, or a float .tflite.
   * @examples ["model.h5"]
   */
  readonly model?: string;
  /** Several models, each through the same tree. Instead of `model`. */
  readonly models?: readonly RecipeModel<Data>[];
  /**
   * The data: a data block, or the path of a JSON file that holds one. Training examples fine-tune, test examples measure.
   * @examples ["data.json", { "format": "idx", "folder": "mnist", "preprocessing": { "scale": 0.00392156862745098 } }]
   */
  readonly data?: Data | string;
  readonly targets?: Targets;
  readonly training?: TrainingOptions;
  readonly techniques?: TechniqueOptions;
  /** Rules for single layers; a later rule wins over an earlier one. */
  readonly layers?: readonly LayerRule[];
  /**
   * `full` runs every node. `until-targets` measures level by level, stops where the targets are met, and goes deeper only
   * where they are not.
   * @default "full"
   */
  readonly strategy?: Strategy;
  /**
   * Run only these nodes and those that they come from.
   * @examples [["pruned/pqat", "clustered/cqat"]]
   */
  readonly nodes?: readonly string[];
  /**
   * Also train the float control (the baseline fine-tuned for as long, without any constraint) and the plain, non-preserving
   * variants of each collaborative step, so that the effect of preserving can be seen.
   * @default false
   */
  readonly controls?: boolean;
  /**
   * Fixes every random choice: same seed, same files.
   * @asType integer
   * @minimum 0
   * @default 0
   */
  readonly seed?: number;
  readonly engine?: EngineChoice;
  readonly measure?: MeasureOptions;
  /** Published results to print beside the measured ones, by node id. */
  readonly reference?: Readonly<Record<string, ReferenceResult>>;
}

export interface RecipeModel<Data = object> {
  /** What tables and folders call it. Without it: the file's name. */
  readonly name?: string;
  /** @examples ["model.h5"] */
  readonly path: string;
  /** Data of this model alone; without it the recipe's. */
  readonly data?: Data | string;
}

/** What a file must reach to be shipped. All that are given must hold. */
export interface Targets {
  /**
   * Most INT8 top-1 accuracy that may be lost against the float baseline, as a fraction: 0.01 is one point.
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
   * Highest median latency of one inference in LiteRT on this machine, in milliseconds.
   * @exclusiveMinimum 0
   */
  readonly latencyMilliseconds?: number;
}

export type Strategy = 'full' | 'until-targets' | UntilTargets;

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
   * @asType integer
   * @minimum 1
   */
  readonly batchSize?: number;
  /**
   * @exclusiveMinimum 0
   * @examples [0.0001]
   */
  readonly learningRate?: number;
  /** Distillation from the baseline; `true` takes temperature 2 and weight 0.5. */
  readonly distillation?: boolean | Distillation;
  /**
   * Names or patterns of layers that keep their weights: they are not trained, pruned or clustered. `*` stands for any
   * characters.
   * @examples [["conv2d*"]]
   */
  readonly freeze?: readonly string[];
}

export interface Distillation {
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

/** A technique's options; `false` leaves the technique and all below it out; a list grows one branch for each entry. */
export interface TechniqueOptions {
  readonly pruning?: Choice<PruningOptions>;
  readonly clustering?: Choice<ClusteringOptions>;
  readonly sparsityPreservingClustering?: Choice<ClusteringOptions>;
  readonly ptq?: Choice<PostTrainingQuantizationOptions>;
  readonly qat?: Choice<QuantizationAwareTrainingOptions>;
  readonly pqat?: Choice<QuantizationAwareTrainingOptions>;
  readonly cqat?: Choice<QuantizationAwareTrainingOptions>;
  readonly pcqat?: Choice<QuantizationAwareTrainingOptions>;
  /** The float control. */
  readonly fineTuning?: Choice<FineTuningOptions>;
}

export type Choice<Options> = Options | false | readonly Options[];

export interface VariantOptions {
  /**
   * Tells this variant's nodes from the others': `70` makes `pruned-70`. The first variant needs none.
   * @pattern ^[A-Za-z0-9][A-Za-z0-9-]*$
   */
  readonly name?: string;
}

/** Of the float control. */
export type FineTuningOptions = VariantOptions & TrainingOptions;

export interface PruningOptions extends VariantOptions, TrainingOptions {
  /**
   * Part of every kernel's weights that becomes zero.
   * @minimum 0
   * @exclusiveMaximum 1
   * @default 0.5
   */
  readonly sparsity?: number;
  readonly schedule?: PruningScheduleOptions;
  /**
   * Which weights go together. `unstructured` ranks each kernel's weights, so that every layer has the same part of
   * zeros; `global` ranks all kernels' at once; `adaptive` does so by layer-adaptive magnitude, which spares layers with
   * few weights; `automatic` is `unstructured` unless that costs more than 10 points of top-1 before fine-tuning, then
   * `adaptive`; `filters` removes that part of each layer's filters, so that the network itself shrinks: there the
   * schedule does not apply.
   * @default "automatic"
   */
  readonly structure?: 'automatic' | 'unstructured' | 'adaptive' | 'global' | 'filters' | GroupStructure | BlockStructure;
  /**
   * Prune depthwise kernels too.
   * @default false
   */
  readonly includeDepthwise?: boolean;
  /**
   * Leave the first and the last kernel whole.
   * @default false
   */
  readonly protectEnds?: boolean;
}

/** How sparsity rises during fine-tuning; without it a polynomial decay over the first half. Steps count from 0. */
export interface PruningScheduleOptions {
  readonly kind: 'constant' | 'polynomial';
  /**
   * @asType integer
   * @minimum 0
   * @default 0
   */
  readonly begin?: number;
  /**
   * Last step that recomputes masks. A polynomial schedule needs one; a constant one goes on to the end of training.
   * @asType integer
   * @minimum 0
   */
  readonly end?: number;
  /**
   * Steps between two recomputations.
   * @asType integer
   * @minimum 1
   * @default 100
   */
  readonly frequency?: number;
  /**
   * Sparsity at `begin`, of a polynomial schedule.
   * @minimum 0
   * @exclusiveMaximum 1
   * @default 0
   */
  readonly initialSparsity?: number;
  /**
   * Exponent of a polynomial schedule.
   * @exclusiveMinimum 0
   * @default 3
   */
  readonly power?: number;
}

/** N:M sparsity along the input channels: `zeros` of every `group` weights are zero, as in 2:4. */
export interface GroupStructure {
  readonly kind: 'groups';
  /**
   * @asType integer
   * @minimum 1
   */
  readonly zeros: number;
  /**
   * @asType integer
   * @minimum 2
   */
  readonly group: number;
}

/** Blocks of weights that are kept or pruned as one. */
export interface BlockStructure {
  readonly kind: 'blocks';
  /**
   * Rows and columns of the kernel as a matrix.
   * @examples [[1, 4]]
   */
  readonly size: readonly [number, number];
  /** @default "average" */
  readonly pooling?: 'average' | 'max';
}

export interface ClusteringOptions extends VariantOptions, TrainingOptions {
  /**
   * Unique values that a kernel may have.
   * @asType integer
   * @minimum 2
   * @default 16
   */
  readonly clusters?: number;
  /**
   * One set of values for the whole kernel, or one for each output channel.
   * @default "tensor"
   */
  readonly granularity?: 'tensor' | 'channel';
  /** @default "kmeans++" */
  readonly initialization?: 'linear' | 'random' | 'density' | 'kmeans++';
  /**
   * How the gradients of a value's weights become the value's gradient.
   * @default "sum"
   */
  readonly gradient?: 'sum' | 'average';
  /**
   * How much the error of each weight counts when the values are chosen: all the same, or by its Fisher information (the
   * mean squared gradient).
   * @default "uniform"
   */
  readonly weighting?: 'uniform' | 'fisher';
  /**
   * How much the size after compression counts beside the error: 0 not at all, 1 a bit for what it saves in error
   * elsewhere; more makes files smaller and less accurate.
   * @minimum 0
   * @default 0.75
   */
  readonly rateWeight?: number;
  /**
   * Put the values on the integer grid of the int8 file while clustering, so that quantization changes nothing.
   * @default false
   */
  readonly integerGrid?: boolean;
  /**
   * Cluster depthwise kernels too.
   * @default false
   */
  readonly includeDepthwise?: boolean;
  /**
   * Leave the first and the last kernel as they are.
   * @default false
   */
  readonly protectEnds?: boolean;
}

export interface QuantizationAwareTrainingOptions extends VariantOptions, TrainingOptions {
  /**
   * Where weight scales come from: the largest weight at each step, or learned with the weights (LSQ).
   * @default "maximum"
   */
  readonly weightScales?: 'maximum' | 'learned';
  /**
   * Share of the training after which the ranges of activations stand still.
   * @minimum 0
   * @maximum 1
   * @default 0.5
   */
  readonly freezeRangesAfter?: number;
  readonly interface?: InterfaceType;
}

export interface PostTrainingQuantizationOptions extends VariantOptions {
  /**
   * Training examples that calibrate the ranges of activations.
   * @asType integer
   * @minimum 1
   * @default 1000
   */
  readonly calibrationSamples?: number;
  /** @default { "kind": "minMax" } */
  readonly observer?: ObserverChoice;
  /**
   * Type of activations; weights are int8 in both.
   * @default "int8"
   */
  readonly activations?: 'int8' | 'int16';
  /**
   * Even out the ranges of layers that follow each other, where they are not clustered.
   * @default true
   */
  readonly crossLayerEqualization?: boolean;
  /**
   * Take the mean error of rounded kernels out of the biases.
   * @default false
   */
  readonly biasCorrection?: boolean;
  readonly interface?: InterfaceType;
}

/** How the range of an activation follows from what is seen of it. */
export type ObserverChoice =
  | { readonly kind: 'minMax' }
  | {
      readonly kind: 'movingAverage';
      /**
       * Weight of the old range.
       * @minimum 0
       * @exclusiveMaximum 1
       */
      readonly momentum: number;
    }
  | {
      readonly kind: 'percentile';
      /**
       * Part of the values that the range holds, in percent.
       * @exclusiveMinimum 0
       * @maximum 100
       * @examples [99.99]
       */
      readonly percentile: number;
    };

/**
 * Type of the .tflite's inputs and outputs.
 * @default "int8"
 */
export type InterfaceType = 'int8' | 'uint8' | 'float32';

/** What single layers do differently. */
export interface LayerRule {
  /**
   * Name of a layer; `*` stands for any characters.
   * @examples ["conv2d_1", "dense*"]
   */
  readonly pattern: string;
  /**
   * @minimum 0
   * @exclusiveMaximum 1
   */
  readonly sparsity?: number;
  /**
   * @asType integer
   * @minimum 2
   */
  readonly clusters?: number;
  /** What is not done to these layers. */
  readonly exclude?: readonly ('pruning' | 'clustering')[];
}

export interface EngineChoice {
  /** @default "auto" */
  readonly name?: 'auto' | 'onnxruntime-node' | 'onnxruntime-web' | 'tfjs';
  /**
   * Threads of each stage. Results are the same bits only for the same number. Without it: what training steps of the
   * models are measured to be fastest with.
   * @asType integer
   * @minimum 1
   */
  readonly threads?: number;
  /**
   * Stages that run at the same time, each in a process of its own. Without it: 1 where `threads` is given, else what is
   * measured to be fastest.
   * @asType integer
   * @minimum 1
   * @maximum 64
   */
  readonly processes?: number;
  /** Execution provider of onnxruntime. */
  readonly provider?: string;
}

export interface MeasureOptions {
  /**
   * Measure latency in LiteRT.
   * @default true
   */
  readonly latency?: boolean;
  /**
   * Use only so many test examples for accuracy.
   * @asType integer
   * @minimum 1
   */
  readonly testSamples?: number;
}

/** What a publication says of a node: fractions and bytes. */
export interface ReferenceResult {
  readonly source?: string;
  readonly simulatedTop1?: number;
  readonly deployedTop1?: number;
  readonly rawBytes?: number;
  readonly compressedBytes?: number;
}
