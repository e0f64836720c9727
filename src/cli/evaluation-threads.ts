import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface EvaluationThreads {
  readonly threads: number;
  readonly threadScript: URL | undefined;
}

/** All cores, when the thread's bundle lies beside this one. */
export function evaluationThreads(): EvaluationThreads {
  const script = new URL('./evaluation-thread.cjs', import.meta.url);
  return existsSync(script) ? { threads: availableParallelism(), threadScript: script } : { threads: 1, threadScript: undefined };
}
