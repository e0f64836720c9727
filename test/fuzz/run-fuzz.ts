import { isEspalierError } from '../../src/core/errors.ts';
import type { FuzzTarget } from './model-targets.ts';
import { mutations } from './mutations.ts';

export interface FuzzReport {
  readonly name: string;
  readonly accepted: number;
  readonly refused: number;
  readonly slowestMilliseconds: number;
  /** What ended in something else than a model or a typed error, with the number of the mutation. */
  readonly failures: readonly { readonly mutation: number; readonly error: unknown }[];
}

export async function fuzz(target: FuzzTarget, count: number, seed: number): Promise<FuzzReport> {
  let accepted = 0;
  let refused = 0;
  let slowest = 0;
  let mutation = 0;
  const failures: { mutation: number; error: unknown }[] = [];
  for (const bytes of mutations([target.original], count, seed)) {
    const start = performance.now();
    try {
      await target.read(bytes);
      accepted++;
    } catch (error) {
      if (isEspalierError(error)) refused++;
      else failures.push({ mutation, error });
    }
    slowest = Math.max(slowest, performance.now() - start);
    mutation++;
  }
  return { name: target.name, accepted, refused, slowestMilliseconds: slowest, failures };
}
