import { existsSync } from 'node:fs';
import path from 'node:path';
import { EspalierError } from '../../core/errors.ts';
import { listRuns } from '../../core/tree/list-runs.ts';
import { runFiles } from '../../core/tree/store/run-store.ts';
import type { RunSummary } from '../../shared/protocol.ts';
import { isAlive } from '../../worker/process-identity.ts';

/**
 * Finds a run by its folder, its id (or the start of it), or the latest one that is wanted; `missing` is the error
 * message when there is none.
 */
export async function findRun(
  folder: string,
  named: string | undefined,
  wanted: (run: RunSummary) => boolean = () => true,
  missing = 'there is no run here',
): Promise<string> {
  if (named !== undefined && Object.values(runFiles).some((file) => existsSync(path.join(named, file)))) return path.resolve(named);
  const runs = (await listRuns(folder, isAlive)).filter(wanted);
  const found = named === undefined ? runs[0] : runs.find((run) => run.runId.startsWith(named) || path.resolve(named) === run.runFolder);
  if (found !== undefined) return found.runFolder;
  throw new EspalierError('invalid-argument', named === undefined ? missing : `there is no run "${named}"`, {
    where: folder,
    fix:
      runs.length === 0
        ? 'start one with `espalier run RECIPE`'
        : `use one of ${runs
            .slice(0, 5)
            .map(({ runId }) => runId)
            .join(', ')}`,
  });
}
