import { existsSync } from 'node:fs';
import path from 'node:path';
import { EspalierError } from '../../core/errors.ts';
import { listRuns } from '../../core/tree/list-runs.ts';
import { runFiles } from '../../core/tree/store/run-store.ts';
import type { RunSummary } from '../../shared/protocol.ts';
import { isAlive } from '../../worker/process-identity.ts';

/**
 * Finds a run by its folder, its id (or the start of it, where that is of one run only), or the latest one that is
 * wanted; `missing` is the error message when there is none.
 */
export async function findRun(
  folder: string,
  named: string | undefined,
  wanted: (run: RunSummary) => boolean = () => true,
  missing = 'there is no run here',
): Promise<string> {
  if (named !== undefined && named !== '' && Object.values(runFiles).some((file) => existsSync(path.join(named, file))))
    return path.resolve(named);
  const runs = (await listRuns(folder, isAlive)).filter(wanted);
  const found = named === undefined ? runs.slice(0, 1) : runsNamed(runs, named);
  if (found.length > 1)
    throw new EspalierError('invalid-argument', `${found.length} runs begin with "${named ?? ''}"`, {
      where: folder,
      fix: `give more of its id: ${listed(found)}`,
    });
  const [only] = found;
  if (only !== undefined) return only.runFolder;
  throw new EspalierError('invalid-argument', named === undefined ? missing : `there is no run "${named}"`, {
    where: folder,
    fix: runs.length === 0 ? 'start one with `espalier run RECIPE`' : `use one of ${listed(runs)}`,
  });
}

/** Nothing is the start of every id: an empty variable of a script must not choose the latest run. */
function runsNamed(runs: readonly RunSummary[], named: string): readonly RunSummary[] {
  if (named === '') return [];
  const exact = runs.filter(({ runId, runFolder }) => runId === named || path.resolve(named) === runFolder);
  return exact.length > 0 ? exact : runs.filter(({ runId }) => runId.startsWith(named));
}

function listed(runs: readonly RunSummary[]): string {
  const ids = runs.slice(0, 5).map(({ runId }) => runId);
  return `${ids.join(', ')}${runs.length > ids.length ? ', …' : ''}`;
}
