/** What passes between the process and the thread that reads HDF5. */
import type { Shape } from '../../network/network.ts';

export type Hdf5Node = Hdf5GroupContent | Hdf5DatasetContent;

export interface Hdf5GroupContent {
  readonly kind: 'group';
  /** Text attributes, and the empty ones of any type. */
  readonly attributes: ReadonlyMap<string, string | readonly string[]>;
  /** In the file's order. */
  readonly members: ReadonlyMap<string, Hdf5Node>;
}

export interface Hdf5DatasetContent {
  readonly kind: 'dataset';
  readonly shape: Shape;
  /** Row-major; undefined when the elements are neither float32, float64 nor integers. */
  readonly values: Float32Array | undefined;
}

export interface ReadRequest {
  readonly bytes: Uint8Array;
  /** The members of the root that are read, with all that is in them. */
  readonly groups: readonly string[];
  /** Bound on the library's memory. */
  readonly memoryBytes: number;
  /** Bound on the datasets' unpacked bytes together. */
  readonly contentBytes: number;
}

/** A request with the counter of the work done, `[1]` of shared memory, which grows with each read of the file. */
export interface CountedRequest extends ReadRequest {
  readonly work: Int32Array;
}

export type ReadReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'content'; readonly root: Hdf5GroupContent }
  | { readonly kind: 'damaged'; readonly message: string };
