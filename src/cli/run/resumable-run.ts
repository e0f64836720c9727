import { setTimeout as wait } from 'node:timers/promises';
import path from 'node:path';
import { EspalierError } from '../../core/errors.ts';
import { listRuns } from '../../core/tree/list-runs.ts';
import { hasDamagedResults } from '../../core/tree/operations/verify-run.ts';
import { recipeFolderOf } from '../../core/tree/store/run-store.ts';
import type { RunPlace, RunSummary } from '../../shared/protocol.ts';
import { isAlive } from '../../worker/process-identity.ts';
import { findRun } from './find-run.ts';

/** The worker of a command that was killed notices its parent's end within a training step. */
const MOST_WAITED_MILLISECONDS = 10_000;
const MILLISECONDS_BETWEEN_LOOKS = 200;

/**
 * Folder of the run to resume: the named one, or the latest unfinished one.
 *
 * @throws EspalierError `invalid-argument` for a run that is done or still running
 */
export async function findResumableRun(folder: string, named: string | undefined): Promise<string> {
  const end = performance.now() + MOST_WAITED_MILLISECONDS;
  for (;;) {
    const runFolder = await findRun(
      folder,
      named,
      named === undefined ? (run) => run.outcome === 'running' || isUnfinished(run) : undefined,
      'no run here was cancelled, interrupted or failed: there is nothing to go on with',
    );
    const run = (await listRuns(recipeFolderOf(runFolder), isAlive)).find((summary) => path.resolve(summary.runFolder) === runFolder);
    if (run === undefined || isUnfinished(run) || run.outcome === 'damaged') return runFolder;
    if (run.outcome !== 'running') {
      // A finished run can be resumed to compute its damaged results again.
      if (await hasDamagedResults(runFolder)) return runFolder;
      throw new EspalierError('invalid-argument', 'this run came to its end: there is nothing to go on with', {
        where: run.runId,
        fix: 'start another with `espalier run RECIPE`; what has not changed is taken from the cache',
      });
    }
    if (performance.now() > end) {
      throw new EspalierError('invalid-argument', 'this run is going on', { where: run.runId, fix: 'wait for its end, or cancel it' });
    }
    await wait(MILLISECONDS_BETWEEN_LOOKS);
  }
}

function isUnfinished({ outcome }: RunSummary): boolean {
  return outcome === 'interrupted' || outcome === 'cancelled' || outcome === 'failed';
}

/** What `--resume` wants to find a run from the current folder: its id, or its folder where it lies with another recipe's. */
export function resumeName({ runId, runFolder }: RunPlace, from: string): string {
  return recipeFolderOf(runFolder) === path.resolve(from) ? runId : path.relative(from, runFolder);
}
