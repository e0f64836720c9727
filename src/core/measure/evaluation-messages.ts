/** What goes to a thread and back. */
export type ThreadRequest =
  /** The model that the following batches run through, until the next one. */
  | { readonly kind: 'load'; readonly id: number; readonly bytes: Uint8Array; readonly outputs: readonly number[] }
  | { readonly kind: 'run'; readonly id: number; readonly inputs: readonly Float32Array[]; readonly size: number };

export type ThreadReply =
  | { readonly kind: 'ready' }
  /** `outputs` is empty for a load. */
  | { readonly kind: 'done'; readonly id: number; readonly outputs: readonly Float32Array[] }
  | { readonly kind: 'failed'; readonly id: number | undefined; readonly message: string };
