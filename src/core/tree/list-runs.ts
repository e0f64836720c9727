import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError, isEspalierError } from '../errors.ts';
import type { RunSummary } from '../../shared/protocol.ts';
import { reduceEvents } from '../../shared/run-state.ts';
import type { RunState } from '../../shared/run-state.ts';
import { removeFolderAtomically, removeLeftovers } from './store/atomic-files.ts';
import { claimRun, readOwner } from './store/run-owner.ts';
import type { IsAlive, ReleaseRun, RunOwner } from './store/run-owner.ts';
import { cacheFolder, recipeFolderOf, runsFolder, sizeOnDisk, storeFolder } from './store/run-store.ts';
import { readRunFolder, whyUnreadable } from './stored-run.ts';

/**
 * All runs next to a recipe, newest first. A run counts as running while the process that owns it lives, and as damaged
 * when its files were changed; damaged runs are listed as well.
 */
export async function listRuns(folder: string, isAlive: IsAlive): Promise<readonly RunSummary[]> {
  const runs = runsFolder(folder);
  const entries = await readdir(runs, { withFileTypes: true }).catch(() => []);
  const ids = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const summaries = await Promise.all(ids.map((id) => summarize(path.join(runs, id), isAlive)));
  return summaries.flatMap((summary) => summary ?? []).sort((a, b) => b.startedAt - a.startedAt || b.runId.localeCompare(a.runId));
}

/** Undefined for a folder that is removed meanwhile. */
async function summarize(runFolder: string, isAlive: IsAlive): Promise<RunSummary | undefined> {
  try {
    const { stored, events } = await readRunFolder(runFolder);
    const state = reduceEvents(events);
    const { startedAt } = state;
    if (startedAt === undefined) return await withoutEvents(runFolder, stored.path, isAlive);
    const nodes = state.models.flatMap((model) => [...model.nodes.values()]);
    return {
      runId: path.basename(runFolder),
      runFolder,
      recipe: besideRuns(runFolder, stored.path),
      startedAt,
      outcome: await outcomeOf(runFolder, state, isAlive),
      nodesDone: nodes.filter((node) => node.state.kind === 'done').length,
      nodes: nodes.length,
      bytes: await sizeOnDisk(runFolder),
    };
  } catch (error) {
    return withoutEvents(runFolder, undefined, isAlive, whyUnreadable(error));
  }
}

/** Of a run that has not begun to write events, or whose events or recipe cannot be used. */
async function withoutEvents(
  runFolder: string,
  recipe: string | undefined,
  isAlive: IsAlive,
  problem = 'no event was written before its process ended',
): Promise<RunSummary | undefined> {
  const found = await stat(runFolder).catch(() => undefined);
  if (found === undefined) return undefined;
  const owner = await readOwner(runFolder).catch(() => undefined);
  const runs = owner !== undefined && isAlive(owner);
  return {
    runId: path.basename(runFolder),
    runFolder,
    // Without a known recipe the run is named after its folder.
    recipe: besideRuns(runFolder, recipe ?? path.basename(runFolder)),
    startedAt: startOf(path.basename(runFolder)) ?? found.mtimeMs,
    outcome: runs ? 'running' : 'damaged',
    problem: runs ? undefined : problem,
    nodesDone: 0,
    nodes: 0,
    bytes: await sizeOnDisk(runFolder),
  };
}

/** Beside the folder of runs, also when all of it was moved since. */
function besideRuns(runFolder: string, recipe: string): string {
  return path.join(recipeFolderOf(runFolder), path.basename(recipe));
}

/** From the time that a run's name begins with. */
function startOf(runId: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(runId)?.map(Number) ?? [];
  if (year === undefined || month === undefined) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

async function outcomeOf(runFolder: string, state: RunState, isAlive: IsAlive): Promise<RunSummary['outcome']> {
  if (state.outcome !== undefined) return state.outcome;
  const owner = await readOwner(runFolder);
  return owner !== undefined && isAlive(owner) ? 'running' : 'interrupted';
}

export interface CleaningOptions {
  /** Whether the cache of stages is deleted as well. */
  readonly cache: boolean;
  readonly self: RunOwner;
  readonly isAlive: IsAlive;
}

/**
 * Deletes runs, and on request the cache of stages. Returns the bytes freed.
 *
 * @throws EspalierError `invalid-argument` for a folder that is not a run of this store, or one that is running
 */
export async function cleanRuns(folder: string, runFolders: readonly string[], { cache, self, isAlive }: CleaningOptions): Promise<number> {
  const known = await listRuns(folder, isAlive);
  let freed = 0;
  for (const runFolder of runFolders.map((run) => path.resolve(run))) {
    const run = known.find((summary) => path.resolve(summary.runFolder) === runFolder);
    if (run === undefined)
      throw new EspalierError('invalid-argument', 'is not the folder of a run', { where: runFolder, fix: '`espalier runs` lists them' });
    if (run.outcome === 'running')
      throw new EspalierError('invalid-argument', 'this run is going on', { where: run.runId, fix: 'cancel it first' });
    await removeRun(runFolder, self, isAlive);
    freed += run.bytes;
  }
  // What killed processes left half written; a process at work is done with such a file sooner than this.
  await removeLeftovers(storeFolder(folder), LEFTOVER_MILLISECONDS);
  if (cache) {
    freed += await sizeOnDisk(cacheFolder(folder));
    await removeFolderAtomically(cacheFolder(folder));
  }
  return freed;
}

const LEFTOVER_MILLISECONDS = 3_600_000;

/** Claimed before: another process may have gone on with the run since it was listed. */
async function removeRun(runFolder: string, self: RunOwner, isAlive: IsAlive): Promise<void> {
  const release = await claimRun(runFolder, self, isAlive).catch((error: unknown): ReleaseRun => {
    // No living owner was found, and on a full disk, or with a file in the place of claims, none can be made.
    if (isEspalierError(error) && error.code === 'file-access') return () => undefined;
    throw error;
  });
  try {
    await removeFolderAtomically(runFolder);
  } finally {
    release();
  }
}
