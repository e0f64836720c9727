/** The files that a search of `optimize` recommends, as they lie in the folder that the user named. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { recommendedFolder } from '../../core/tree/recommended-files.ts';
import { relocateData, relocatedPath } from '../../core/tree/recipe/relocate-data.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { runsFolder } from '../../core/tree/store/run-store.ts';
import { isRecord } from '../../shared/checked-json.ts';
import { withTeachers } from '../../shared/recipe/teachers.ts';

export interface RecommendedCopies {
  readonly runFolder: string;
  /** Of the recipe, which has the runs. */
  readonly folder: string;
  /** Of the model in the recipe: names of files in the run's folder begin with it. */
  readonly model: string;
  /** Names of the copies begin with it. */
  readonly name: string;
}

export interface CopiedFiles {
  readonly copied: readonly string[];
  /** Of earlier searches, and no longer there. */
  readonly removed: readonly string[];
  /** Named like files of a search, but no run of the folder made them, or they cannot be removed. */
  readonly others: readonly string[];
}

/**
 * Copies the recommended files of a search and the recipes that make them again. Copies of earlier searches that it does not
 * write over go, those that are what an earlier run recommended byte for byte; other files stay. All stay where the search
 * recommends nothing.
 */
export async function copyRecommended(copies: RecommendedCopies): Promise<CopiedFiles> {
  const { runFolder, folder, model, name } = copies;
  const from = path.join(runFolder, recommendedFolder);
  const copied: string[] = [];
  for (const file of await filesIn(from)) {
    const output = path.join(folder, `${name}${file.slice(model.length)}`);
    await writeFileAtomically(output, await contentsOfCopy(path.join(from, file), folder));
    copied.push(output);
  }
  if (copied.length === 0) return { copied, removed: [], others: [] };
  const removed: string[] = [];
  const others: string[] = [];
  const named = (await filesIn(folder)).filter((file) => isNamedLikeCopy(file, name) && !copied.includes(path.join(folder, file)));
  for (const file of named) {
    const isRemoved = (await isOfEarlierRun(file, copies)) && (await couldRemove(path.join(folder, file)));
    (isRemoved ? removed : others).push(path.join(folder, file));
  }
  return { copied, removed, others };
}

/** A file that another program has open on Windows, for one, stays: what the search found counts for more. */
function couldRemove(file: string): Promise<boolean> {
  return rm(file).then(
    () => true,
    () => false,
  );
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).toSorted();
}

function isNamedLikeCopy(file: string, name: string): boolean {
  return file.startsWith(`${name}-budget-`) && /^\d+\.(tflite|espalier\.json)$/.test(file.slice(`${name}-budget-`.length));
}

/** Whether an earlier run recommended what is in the file now. */
async function isOfEarlierRun(file: string, { runFolder, folder, model, name }: RecommendedCopies): Promise<boolean> {
  const contents = await readRegularFile(path.join(folder, file)).catch(() => undefined);
  if (contents === undefined) return false;
  const runs = (await filesIn(runsFolder(folder))).filter((run) => run !== path.basename(runFolder));
  for (const run of runs) {
    const original = path.join(runsFolder(folder), run, recommendedFolder, `${model}${file.slice(name.length)}`);
    const copy = await contentsOfCopy(original, folder).catch(() => undefined);
    if (copy !== undefined && contents.equals(Buffer.from(copy))) return true;
  }
  return false;
}

/** The paths of a recipe are those from the folder of the copy. */
async function contentsOfCopy(file: string, to: string): Promise<Uint8Array | string> {
  if (!file.endsWith('.json')) return readRegularFile(file);
  const recipe: unknown = JSON.parse((await readRegularFile(file)).toString('utf8'));
  const from = path.dirname(file);
  const known = isRecord(recipe) ? recipe : {};
  const moved = withTeachers(known, (teacher) => relocatedPath(teacher, from, to));
  return `${JSON.stringify({ ...moved, data: relocateData(known.data, from, to) }, undefined, 2)}\n`;
}
