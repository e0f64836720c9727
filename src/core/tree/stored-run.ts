/** A run's copy of the recipe, and its events. */
import path from 'node:path';
import { EspalierError } from '../errors.ts';
import type { RunEvent } from '../../shared/events.ts';
import type { ExecutionChoice, SlurmOptions } from '../../shared/recipe/execution.ts';
import type { Parallelism } from './parallel/parallelism.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import { hasCode } from './store/atomic-files.ts';
import { readEvents } from './store/event-log.ts';
import { runFiles } from './store/run-store.ts';
import { readSealedJson, writeSealedJson } from './store/sealed-file.ts';

/** What the command line or the editor sets for one run; the recipe stays as it is. */
export interface SessionOptions {
  readonly nodes?: readonly string[];
  readonly ignoreCache?: boolean;
  /** When the recipe does not say. */
  readonly threads?: number | undefined;
  /** When the recipe does not say. */
  readonly processes?: number;
  /** Instead of the recipe's. */
  readonly seed?: number;
  /** Where stages run, instead of where the recipe says. */
  readonly executor?: ExecutionChoice['kind'];
  /** Where stages run, where the recipe does not say. */
  readonly defaultExecutor?: ExecutionChoice['kind'] | undefined;
  /** What jobs ask for, instead of what the recipe says. */
  readonly slurm?: SlurmOptions;
  /** What jobs ask for, where the recipe does not say. */
  readonly slurmDefaults?: SlurmOptions | undefined;
}

/** What a run folder's `recipe.json` holds. */
export interface StoredRun {
  readonly path: string;
  readonly options: SessionOptions;
  readonly recipe: RecipeDocument;
  /** Fixed when the run started: a resumed run gives the same bits only with the same numbers. */
  readonly parallelism?: Parallelism;
}

export interface IdentifiedRun extends StoredRun {
  /** Id that the events in the same folder must have. */
  readonly runId: string;
}

export async function writeStoredRun(runFolder: string, run: IdentifiedRun): Promise<void> {
  await writeSealedJson(path.join(runFolder, runFiles.recipe), run);
}

/** @throws EspalierError `file-access` when it is missing, or not as it was written */
export async function readStoredRun(runFolder: string): Promise<IdentifiedRun> {
  const file = path.join(runFolder, runFiles.recipe);
  const fix = `start the run again with \`espalier run RECIPE\`: what is finished is taken from the cache. \`espalier clean ${path.basename(runFolder)}\` deletes this one`;
  const stored = await readSealedJson(file, fix);
  if (stored === undefined) throw new EspalierError('file-access', "is missing, the run's copy of its recipe", { where: file, fix });
  if (!isIdentifiedRun(stored)) throw new EspalierError('file-access', 'is not the recipe of a run', { where: file, fix });
  return stored;
}

/** The digest has been compared: these fields tell whether it is this kind of file. */
function isIdentifiedRun(value: object): value is IdentifiedRun {
  return 'runId' in value && typeof value.runId === 'string' && 'recipe' in value && 'options' in value && 'path' in value;
}

/** @throws EspalierError `file-access` when recipe or events are not those of one run, as they were written */
export async function readRunFolder(runFolder: string): Promise<{ readonly stored: IdentifiedRun; readonly events: readonly RunEvent[] }> {
  const stored = await readStoredRun(runFolder);
  const file = path.join(runFolder, runFiles.events);
  const events = readEvents(file);
  const [first] = events;
  if (first?.type === 'run-started' && first.runId !== stored.runId)
    throw new EspalierError('file-access', `holds the events of run ${first.runId}`, {
      where: file,
      fix: `put the events of ${stored.runId} there, or start the run again: what is finished is taken from the cache`,
    });
  return { stored, events };
}

/** Why a run cannot be read. Whatever is wrong with one, others are listed: events of a later version may be unknown here. */
export function whyUnreadable(error: unknown): string {
  return hasCode(error) ? error.message : `it is not understood (${String(error)})`;
}
