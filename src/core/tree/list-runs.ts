import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../errors.ts';
import type { RunSummary } from '../../shared/protocol.ts';
import { reduceEvents } from '../../shared/run-state.ts';
import type { RunState } from '../../shared/run-state.ts';
import { readEvents } from './store/event-log.ts';
import { readOwner } from './store/run-owner.ts';
import type { IsAlive } from './store/run-owner.ts';
import { cacheFolder, recipeFolderOf, runFiles, runsFolder, sizeOnDisk } from './store/run-store.ts';

/** All runs next to a recipe, newest first. A run counts as going on while the process that owns it lives. */
export async function listRuns(folder: string, isAlive: IsAlive): Promise<readonly RunSummary[]> {
  const runs = runsFolder(folder);
  const ids = await readdir(runs).catch(() => []);
  const summaries = await Promise.all(ids.filter((id) => !id.startsWith('.')).map((id) => summarize(path.join(runs, id), isAlive)));
  return summaries.flatMap((summary) => summary ?? []).sort((a, b) => b.startedAt - a.startedAt || b.runId.localeCompare(a.runId));
}

async function summarize(runFolder: string, isAlive: IsAlive): Promise<RunSummary | undefined> {
  const state = reduceEvents(readEvents(path.join(runFolder, runFiles.events)));
  if (state.runId === undefined || state.startedAt === undefined) return undefined;
  const nodes = state.models.flatMap((model) => [...model.nodes.values()]);
  return {
    runId: state.runId,
    runFolder,
    // Beside the folder of runs, also when all of it was moved since.
    recipe: path.join(recipeFolderOf(runFolder), path.basename(state.recipe)),
    startedAt: state.startedAt,
    outcome: await outcomeOf(runFolder, state, isAlive),
    nodesDone: nodes.filter((node) => node.state.kind === 'done').length,
    nodes: nodes.length,
    bytes: await sizeOnDisk(runFolder),
  };
}

async function outcomeOf(runFolder: string, state: RunState, isAlive: IsAlive): Promise<RunSummary['outcome']> {
  if (state.outcome !== undefined) return state.outcome;
  const owner = await readOwner(runFolder);
  return owner !== undefined && isAlive(owner) ? 'running' : 'interrupted';
}

/**
 * Deletes runs, and the cache of stages when asked for. Returns the bytes freed.
 *
 * @throws EspalierError `invalid-argument` for a folder that is not a run of this store, or one that is going on
 */
export async function cleanRuns(folder: string, runFolders: readonly string[], cache: boolean, isAlive: IsAlive): Promise<number> {
  const known = await listRuns(folder, isAlive);
  let freed = 0;
  for (const runFolder of runFolders.map((run) => path.resolve(run))) {
    const run = known.find((summary) => path.resolve(summary.runFolder) === runFolder);
    if (run === undefined)
      throw new EspalierError('invalid-argument', 'is not the folder of a run', { where: runFolder, fix: '`espalier runs` lists them' });
    if (run.outcome === 'running')
      throw new EspalierError('invalid-argument', 'this run is going on', { where: run.runId, fix: 'cancel it first' });
    freed += run.bytes;
    await rm(runFolder, { recursive: true, force: true });
  }
  if (cache) {
    freed += await sizeOnDisk(cacheFolder(folder));
    await rm(cacheFolder(folder), { recursive: true, force: true });
  }
  return freed;
}
