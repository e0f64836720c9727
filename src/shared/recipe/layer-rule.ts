/** Of the integers of a kernel in the file. */
export type WeightBits = 4 | 8;

/** Of what a layer reads and writes in an integer file; its weights are int8 or int4 in both. */
export type ActivationType = 'int8' | 'int16';

/** What single layers do differently. */
export interface LayerRule {
  /**
   * Name of a layer; `*` stands for any characters and `?` for one. In names that have these, or a backslash before them, a backslash stands before each.
   * @examples ["conv2d_1", "dense*"]
   */
  readonly pattern: string;
  /**
   * Part of the layer's weights that pruning makes zero.
   * @minimum 0
   * @exclusiveMaximum 1
   */
  readonly sparsity?: number;
  /**
   * Part of the layer's filters that pruning removes before it ranks weights; `sparsity` is then that of what is left.
   * @minimum 0
   * @exclusiveMaximum 1
   */
  readonly filters?: number;
  /**
   * Unique values that clustering leaves the layer's kernel.
   * @asType integer
   * @minimum 2
   */
  readonly clusters?: number;
  /**
   * Bits of the weights in quantized files: 8, or 4 for convolutions (depthwise ones too) and dense layers.
   */
  readonly bits?: WeightBits;
  /**
   * Type of what the layer reads and writes in quantized files, with 8-bit weights: int16 where int8 is too coarse. QUANTIZE
   * stands between it and neighbours with int8, so that layers which follow each other gain by it, the first one with
   * `"interface": "float32"`, and the last one.
   */
  readonly activations?: ActivationType;
  /** What is not done to these layers. */
  readonly exclude?: readonly ('pruning' | 'clustering' | '4-bit')[];
}
