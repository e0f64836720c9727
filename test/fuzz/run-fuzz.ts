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
  /** What ended in something else than a model or a typed error, or above a limit, with the number of the mutation. */
  readonly failures: readonly { readonly mutation: number; readonly error: unknown }[];
}

/** What reading one damaged file may take. */
export interface FuzzLimits {
  /** Of processor time, of all threads: other work of the machine doesn't count. */
  readonly milliseconds: number;
  /** By which one file may raise the peak of the process. */
  readonly mebibytes: number;
}

/**
 * The originals have up to 100 kB and are read in milliseconds; an archive of that size may unpack to 100 MB. Garbage of
 * many small files is collected late, so that a lower limit of memory would blame whichever file comes next.
 */
export const fuzzLimits: FuzzLimits = { milliseconds: 5000, mebibytes: 512 };

/** Mutations `first` to `first + count` of the seed's series. */
export async function fuzz(target: FuzzTarget, count: number, seed: number, first = 0, limits = fuzzLimits): Promise<FuzzReport> {
  let accepted = 0;
  let refused = 0;
  let slowest = { mutation: 0, milliseconds: 0 };
  let mutation = -1;
  const failures: { mutation: number; error: unknown }[] = [];
  for (const bytes of mutations([target.original], first + count, seed)) {
    if (++mutation < first) continue;
    const before = used();
    try {
      await target.read(bytes);
      accepted++;
    } catch (error) {
      if (isEspalierError(error)) refused++;
      else failures.push({ mutation, error });
    }
    const after = used();
    const milliseconds = after.milliseconds - before.milliseconds;
    const mebibytes = after.mebibytes - before.mebibytes;
    if (milliseconds > limits.milliseconds || mebibytes > limits.mebibytes)
      failures.push({
        mutation,
        error: new Error(`took ${milliseconds.toFixed(0)} ms and ${mebibytes.toFixed(0)} MiB to read ${bytes.length} bytes`),
      });
    if (milliseconds > slowest.milliseconds) slowest = { mutation, milliseconds };
  }
  return { name: target.name, accepted, refused, slowestMilliseconds: slowest.milliseconds, slowest: slowest.mutation, failures };
}

/** Processor time of all threads and the highest memory, of this process so far. */
function used(): FuzzLimits {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { milliseconds: (userCPUTime + systemCPUTime) / 1000, mebibytes: maxRSS / 1024 };
}
