/** What goes between the pool and its threads. */
export interface ThreadData {
  readonly bytes: Uint8Array;
}

export interface RunRequest {
  readonly id: number;
  readonly inputs: Float32Array;
  readonly size: number;
}

export type ThreadReply =
  | { readonly kind: 'ready'; readonly description: string }
  | { readonly kind: 'result'; readonly id: number; readonly outputs: Float32Array }
  | { readonly kind: 'failed'; readonly id: number | undefined; readonly message: string };
