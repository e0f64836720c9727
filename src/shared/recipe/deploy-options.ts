/** What a recipe says of the form that files are shipped in. */
export interface DeployOptions {
  /**
   * How the kernels of int8 files are packed for TFLite Micro, which decodes them as it runs: the file in flash gets smaller,
   * its tensor arena larger. `small` takes the fewest bytes, `fast` lookup tables alone. The packed file lies beside the
   * plain one, and its certificate proves that it computes the same. Where this is given, RAM, flash and cycles are those of
   * the packed file, with the kernels that are decoded in the arena; without it, of the plain file.
   * @default "small"
   */
  readonly pack?: 'small' | 'fast' | 'off';
  /**
   * Leave out of integer files what no runtime needs: names of tensors inside the graph, signatures, the description and metadata,
   * and vectors that equal others, such as zero points. Inputs, outputs and kernels keep their names. It saves a few hundred
   * bytes after gzip, which counts for the smallest networks, and 16 bytes of the plain file for each channel.
   * In a search with a budget of at most 20 kB the default is true.
   * @default false
   */
  readonly strip?: boolean;
  /**
   * The board that files are for. RAM, flash and cycles of every node are those of this board, and a model that does not
   * fit is reported before any training.
   */
  readonly board?: BoardName;
  /**
   * A core, an NPU, or both with a plus sign between them, where files are for a device that is not among the boards, or for
   * a part of one. Cortex-M4, M7, M33, M55 and M85; Ethos-U55-32, -64, -128 and -256, Ethos-U65-256 and -512.
   * @examples ["cortex-m4", "cortex-m55+ethos-u55-128"]
   */
  readonly target?: string;
}

/** Boards that are known, from their makers' data sheets: `core/hardware/boards.ts`. */
export type BoardName =
  | 'nano-33-ble-sense'
  | 'nucleo-l4r5zi'
  | 'stm32f746g-disco'
  | 'portenta-h7'
  | 'teensy-4.1'
  | 'nrf5340-dk'
  | 'pico-2'
  | 'nucleo-u575zi'
  | 'ek-ra8m1'
  | 'alif-e7'
  | 'grove-vision-ai-v2'
  | 'imx93-evk';
