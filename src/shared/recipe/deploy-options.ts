/** What a recipe says of the form that files are shipped in. */
export interface DeployOptions {
  /**
   * How the kernels of int8 files are packed for TFLite Micro, which decodes them as it runs: the file in flash gets smaller,
   * its tensor arena larger. `small` takes the fewest bytes, `fast` lookup tables alone. The packed file lies beside the
   * plain one, and its certificate proves that it computes the same.
   * @default "small"
   */
  readonly pack?: 'small' | 'fast' | 'off';
}
