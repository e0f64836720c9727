import { EspalierError } from '../errors.ts';
import type { RunEvent } from '../../shared/events.ts';
import { reduceEvents } from '../../shared/run-state.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { Recipe } from '../../shared/recipe/recipe.ts';
import { readRunFolder } from '../tree/stored-run.ts';

export interface ReadRun {
  readonly folder: string;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
  readonly recipe: Recipe;
}

/** @throws EspalierError `file-access` when the folder holds no run, or one whose files are not as they were written */
export async function readRun(folder: string): Promise<ReadRun> {
  const { stored, events } = await readRunFolder(folder);
  const state = reduceEvents(events);
  if (state.runId === undefined)
    throw new EspalierError('file-access', 'there is no run in this folder', { where: folder, fix: '`espalier runs` lists the runs' });
  return { folder, events, state, recipe: stored.recipe };
}
