/** What a recipe says of clustering. */
import type { TrainingOptions } from './training-options.ts';
import type { VariantOptions } from './variant-options.ts';

export interface ClusteringOptions extends VariantOptions, TrainingOptions {
  /**
   * Unique values that a kernel may have.
   * @asType integer
   * @minimum 2
   * @default 16
   */
  readonly clusters?: number;
  /**
   * One set of values for the whole kernel, or one for each output channel. With `integerGrid` it is always one for the
   * whole kernel.
   * @default "tensor"
   */
  readonly granularity?: 'tensor' | 'channel';
  /**
   * Choose values and give them to weights, before the training, by what the whole layers compute on training examples;
   * else by the weights alone.
   * @default true
   */
  readonly reconstruction?: boolean;
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
   * elsewhere; more makes files smaller and less accurate. Default: 1, without reconstruction 0.75.
   * @minimum 0
   */
  readonly rateWeight?: number;
  /**
   * The form that the file is stored in, whose bytes `rateWeight` counts: compressed by `gzip`; `packed` for TFLite Micro,
   * with Huffman codes and their tables; or encoded for an `ethos-u`, with palettes, Golomb-Rice codes and runs of zeros.
   * Together with `integerGrid` the values are those that are stored.
   * @default "gzip"
   */
  readonly sizeOf?: StoredForm;
  /**
   * Put the values on the integer grid of the int8 file while clustering, so that quantization changes nothing.
   * @default false
   */
  readonly integerGrid?: boolean;
  /**
   * Of sparsity-preserving clustering: let training choose which weights are zero again, as many as before, while it learns
   * the values; for the first 70% of the steps. Few values need other zeros than many. Zeros of the parent may then lie elsewhere.
   * @default false
   */
  readonly movingMasks?: boolean;
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

/** What the bytes of a kernel are counted in. */
export type StoredForm = 'gzip' | 'packed' | 'ethos-u';
