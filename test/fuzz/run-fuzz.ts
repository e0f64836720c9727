import { isEspalierError } from '../../src/core/errors.ts';
import type { FuzzTarget } from './model-targets.ts';
import { mutations } from './mutations.ts';

export interface FuzzReport {
  readonly name: string;
  readonly accepted: number;
  readonly refused: number;
  readonly slowestMilliseconds: number;
  /** Number of the mutation that took longest. */
  readonly slowest: number;
  /** What ended in something else than a model or a typed error, with the number of the mutation. */
  readonly failures: readonly { readonly mutation: number; readonly error: unknown }[];
}

/** Mutations `first` to `first + count` of the seed's series. */
export async function fuzz(target: FuzzTarget, count: number, seed: number, first = 0): Promise<FuzzReport> {
  let accepted = 0;
  let refused = 0;
  let slowest = { mutation: 0, milliseconds: 0 };
  let mutation = -1;
  const failures: { mutation: number; error: unknown }[] = [];
  for (const bytes of mutations([target.original], first + count, seed)) {
    if (++mutation < first) continue;
    const start = performance.now();
    try {
      await target.read(bytes);
      accepted++;
    } catch (error) {
      if (isEspalierError(error)) refused++;
      else failures.push({ mutation, error });
    }
    const milliseconds = performance.now() - start;
    if (milliseconds > slowest.milliseconds) slowest = { mutation, milliseconds };
  }
  return { name: target.name, accepted, refused, slowestMilliseconds: slowest.milliseconds, slowest: slowest.mutation, failures };
}
