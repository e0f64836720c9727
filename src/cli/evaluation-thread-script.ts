import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The thread's bundle, which lies beside this one; undefined where the program runs unbundled. */
export function evaluationThreadScript(): string | undefined {
  const script = fileURLToPath(new URL('./evaluation-thread.cjs', import.meta.url));
  return existsSync(script) ? script : undefined;
}
