/** What a recipe says of pruning. */
import { defaultSparsity, xnnpackSparsity } from './defaults.ts';
import type { TrainingOptions } from './training-options.ts';
import type { VariantOptions } from './variant-options.ts';

export interface PruningOptions extends VariantOptions, TrainingOptions {
  /**
   * Part of every kernel's weights that becomes zero.
   * @minimum 0
   * @exclusiveMaximum 1
   * @default 0.5
   */
  readonly sparsity?: number;
  /**
   * Part of every layer's filters that is removed first, so that the network itself shrinks, as with `"structure": "filters"`;
   * the layers that read them are fitted to make up for them. `sparsity` is then that of the weights that are left. The
   * same number of weights takes less room in fewer filters.
   * @minimum 0
   * @exclusiveMaximum 1
   * @default 0
   */
  readonly filters?: number;
  /**
   * Which weights are small: those of small `magnitude`, or those that contribute little to what their layer computes.
   * `contribution` is a weight times the standard deviation of its input on training examples, so that weights go first
   * whose inputs hardly vary; groups, blocks, `global` and depthwise kernels rank by magnitude all the same.
   * @default "magnitude"
   */
  readonly criterion?: 'contribution' | 'magnitude';
  readonly schedule?: PruningScheduleOptions;
  /**
   * Fit the weights that stay, before the training, to what the whole layers compute on training examples. Not with a
   * schedule, which prunes while the network trains.
   * @default true
   */
  readonly reconstruction?: boolean;
  /**
   * Which weights go together. `unstructured` ranks each kernel's weights, so that every layer has the same part of
   * zeros; `global` ranks all kernels' at once; `adaptive` does so by layer-adaptive magnitude, which spares layers with
   * few weights; `automatic` is `unstructured` unless that costs more than 10 points of top-1 before fine-tuning, then
   * `adaptive`; `filters` removes that part of each layer's filters, so that the network itself shrinks: there the
   * schedule does not apply; `xnnpack` prunes the 1x1 convolutions of networks like MobileNet, at more than two thirds
   * (0.8 without `sparsity`), and stores float files so that XNNPACK in LiteRT runs them sparse, which is faster.
   * @default "automatic"
   */
  readonly structure?: 'automatic' | 'unstructured' | 'adaptive' | 'global' | 'filters' | 'xnnpack' | GroupStructure | BlockStructure;
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

/** The sparsity of a pruning, where its recipe says none too. */
export function sparsityOf({ sparsity, structure }: Pick<PruningOptions, 'sparsity' | 'structure'>): number {
  return sparsity ?? (structure === 'xnnpack' ? xnnpackSparsity.usual : defaultSparsity);
}

/** How sparsity rises during fine-tuning; without it weights are pruned before. Steps count from 0. */
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
