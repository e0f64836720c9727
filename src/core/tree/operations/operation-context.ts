import type { RequestProgress } from '../../../shared/message-handler.ts';

/** Progress and cancellation of a command. */
export interface OperationContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RequestProgress) => void;
}
