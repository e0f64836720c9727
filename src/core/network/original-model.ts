/** The model that a network was imported from, where a runtime can run it: what the network has to compute. */
import type { Network, Shape, ValueId } from './network.ts';

/** A tensor of the original, and the value of the network that stands for it. */
export interface OriginalTensor {
  /** As the original names it. */
  readonly name: string;
  readonly value: ValueId;
  /** All axes of the original, with the batch. */
  readonly shape: Shape;
  /** The original's axis of each axis of the network's value. */
  readonly axes: readonly number[];
  /** The original's axis that counts examples; undefined where one example has none. */
  readonly batch: number | undefined;
}

export interface OriginalInput extends OriginalTensor {
  readonly type: 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8';
}

/** What an operator of the original computes. */
export interface OriginalStep extends OriginalTensor {
  readonly operator: string;
  readonly node: string;
}

export interface OriginalModel {
  readonly format: 'onnx';
  /** The model's bytes, with these tensors among its outputs as well. */
  bytes(outputs: readonly string[]): Uint8Array;
  /** That weights are kept in beside the file. */
  readonly folder: string;
  /** The network as it was converted, before anything was simplified: `steps` name its values. */
  readonly converted: Network;
  readonly inputs: readonly OriginalInput[];
  readonly outputs: readonly OriginalTensor[];
  /** In the order of the original. */
  readonly steps: readonly OriginalStep[];
  /** Examples in a batch of the original. */
  readonly batchSize: number;
  /** Whether it takes other batches as well. */
  readonly openBatch: boolean;
  /** The largest difference that rounding explains, of the range of the output. */
  readonly tolerance: number;
}
