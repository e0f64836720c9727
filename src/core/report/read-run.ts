import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../errors.ts';
import type { RunEvent } from '../../shared/events.ts';
import { reduceEvents } from '../../shared/run-state.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { Recipe } from '../../shared/recipe/recipe.ts';
import { readEvents } from '../tree/store/event-log.ts';
import { runFiles } from '../tree/store/run-store.ts';

export interface ReadRun {
  readonly folder: string;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
  readonly recipe: Recipe;
}

/** @throws EspalierError `file-access` when the folder holds no run */
export async function readRun(folder: string): Promise<ReadRun> {
  const events = readEvents(path.join(folder, runFiles.events));
  const state = reduceEvents(events);
  if (state.runId === undefined)
    throw new EspalierError('file-access', 'there is no run in this folder', { where: folder, fix: '`espalier runs` lists the runs' });
  const stored: { readonly recipe: Recipe } = JSON.parse(await readFile(path.join(folder, runFiles.recipe), 'utf8'));
  return { folder, events, state, recipe: stored.recipe };
}
