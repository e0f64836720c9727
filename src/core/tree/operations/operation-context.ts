import type { RequestProgress } from '../../../shared/message-handler.ts';

/** Of work that somebody waits for. */
export interface OperationContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RequestProgress) => void;
}
