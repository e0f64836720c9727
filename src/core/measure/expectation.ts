/** What a stage promises of one weight tensor of its .tflite. Plain JSON, so that a run can keep it. */
export interface WeightExpectation {
  /** Shape and order identify a kernel; the layer is for messages. */
  readonly layer: string;
  /** Index among the kernels of the file, in the order of execution; without it the tensor or layer name decides. */
  readonly kernel?: number;
  /** At least so many zeros. */
  readonly zeros?: number;
  /** Every zero of the parent's kernel is zero here. */
  readonly keepsParentZeros?: boolean;
  /** At most so many different values in the whole tensor. */
  readonly uniqueValues?: number;
  /** At most so many different values in any output channel. */
  readonly uniqueValuesPerChannel?: number;
  /** Weights that were equal in the parent (within an output channel) are equal here. */
  readonly keepsParentClusters?: boolean;
  /** At least `zeros` of each `groupSize` consecutive weights along the input channels are zero (2:4 has 2 of 4). */
  readonly group?: { readonly zeros: number; readonly groupSize: number };
}

export interface Expectations {
  readonly weights: readonly WeightExpectation[];
  /** No float tensor but the inputs and outputs. */
  readonly fullInteger?: boolean;
}
