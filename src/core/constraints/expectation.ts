/**
 * What a stage's .tflite must satisfy; `certify` checks it from the numbers in the file. Plain JSON, so that a run can
 * store it.
 */

/** What one weight tensor must satisfy. */
export interface WeightExpectation {
  /** Shape and order identify a kernel; the layer is for messages. */
  readonly layer: string;
  /** Index among the kernels of the file, in the order of execution; without it the tensor or layer name decides. */
  readonly kernel?: number;
  /** At least so many zeros. */
  readonly zeros?: number;
  /** Every zero of the parent's kernel is zero here. */
  readonly keepsParentZeros?: boolean;
  /** Largest number of different values in the whole tensor. */
  readonly uniqueValues?: number;
  /** Largest number of different values in any output channel. */
  readonly uniqueValuesPerChannel?: number;
  /** Weights that were equal in the parent (within an output channel) are equal here. */
  readonly keepsParentClusters?: boolean;
  /** Stored as a sparse tensor. */
  readonly sparse?: boolean;
  /** Bits of the stored integers. */
  readonly bits?: number;
  /** Bits of what the layer reads and writes. */
  readonly activationBits?: number;
  /** At least `zeros` of each `groupSize` consecutive weights along the input channels are zero (2:4 has 2 of 4). */
  readonly group?: { readonly zeros: number; readonly groupSize: number };
  /** At least `zeros` of the blocks of `[rows, columns]` of the kernel as a matrix `[out, elements]` are all zero. */
  readonly blocks?: { readonly zeros: number; readonly size: readonly [number, number] };
}

/** Zeros of several kernels together, as a pruning with one threshold for all layers gives. */
export interface SharedZeros {
  /** Indices among the kernels of the file. */
  readonly kernels: readonly number[];
  readonly zeros: number;
}

export interface Expectations {
  readonly weights: readonly WeightExpectation[];
  readonly sharedZeros?: SharedZeros | undefined;
  /** No float tensor but the inputs and outputs. */
  readonly fullInteger?: boolean | undefined;
}
