import type { InputShape } from './input-shape.ts';
import type { DeployOptions } from './deploy-options.ts';
import type { ExecutionChoice } from './execution.ts';
import type { OutputsByName } from './output-options.ts';
import type { LayerRule } from './layer-rule.ts';
import type { EngineChoice, MeasureOptions } from './run-options.ts';
import type { Strategy, Targets } from './targets.ts';
import type { TechniqueOptions } from './technique-options.ts';
import type { TrainingOptions } from './training-options.ts';

/**
 * The recipe, `*.espalier.json`: what to optimize, on which data, how far, and how. The JSON schema is generated from
 * these types, so every comment below is read by users in their editor. Paths are relative to the recipe.
 */

/** `Data` is the type of the data block, which this layer does not look into. */
export interface Recipe<Data = object> {
  /** Where the editor finds the schema. */
  readonly $schema?: string;
  /**
   * The trained model: Keras .h5 or .keras, a TFJS layers model.json, a SavedModel folder with a Keras config, an .onnx, or a float .tflite.
   * @examples ["model.h5"]
   */
  readonly model?: string;
  /** Of a model whose inputs are of open size. @examples [[3, 224, 224]] */
  readonly inputShape?: InputShape;
  /** Several models, each through the same tree. Instead of `model`. */
  readonly models?: readonly RecipeModel<Data>[];
  /**
   * The data: a data block, or the path of a JSON file that holds one. Training examples fine-tune, test examples measure.
   * @examples ["data.json", { "format": "idx", "folder": "mnist", "preprocessing": { "scale": 0.00392156862745098 } }]
   */
  readonly data?: Data | string;
  /**
   * Loss and measure of outputs by their names, where those that follow from the data will not do. Outputs that are not named
   * are left out.
   * @examples [{ "mask": { "loss": "crossEntropy", "measure": "mIoU" } }]
   */
  readonly outputs?: OutputsByName;
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
  /**
   * Where stages are computed: on this machine, or as jobs of a scheduler.
   * @default { "kind": "local" }
   */
  readonly execution?: ExecutionChoice;
  readonly measure?: MeasureOptions;
  readonly deploy?: DeployOptions;
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
  /** Of this model alone; without it the recipe's. @examples [[3, 224, 224]] */
  readonly inputShape?: InputShape;
  /** Of this model alone; without it the recipe's. */
  readonly outputs?: OutputsByName;
}

/** What a publication says of a node: fractions and bytes. */
export interface ReferenceResult {
  readonly source?: string;
  readonly simulatedTop1?: number;
  readonly deployedTop1?: number;
  readonly rawBytes?: number;
  readonly compressedBytes?: number;
}
