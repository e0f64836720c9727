/** The files that a search recommends, in a folder of the run: for each budget a `.tflite` and the recipe that makes it again. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { ChosenFile, RunEvent } from '../../shared/events.ts';
import { readRegularFile } from '../regular-file.ts';
import { hasCode, withFileErrors, writeFileAtomically } from './store/atomic-files.ts';
import { folderName } from './store/folder-names.ts';
import { readResult } from './store/result-folder.ts';
import { resultPath } from './store/run-store.ts';

/** Within the run's folder. */
export const recommendedFolder = 'recommended';

/** @param place of the budget, from 1 */
function fileName(model: string, place: number, extension: string): string {
  // A model's name may hold slashes and dots.
  return path.join(recommendedFolder, `${folderName(model)}-budget-${place}.${extension}`);
}

export interface RecommendedFile {
  readonly model: string;
  readonly place: number;
  readonly tflite: Uint8Array;
  /** Of this folder. */
  readonly recipe: object;
}

/** Returns the paths of both files. */
export async function writeRecommended(
  runFolder: string,
  { model, place, tflite, recipe }: RecommendedFile,
): Promise<{ readonly tflite: string; readonly recipe: string }> {
  const folder = path.join(runFolder, recommendedFolder);
  const files = {
    tflite: path.join(runFolder, fileName(model, place, 'tflite')),
    recipe: path.join(runFolder, fileName(model, place, 'espalier.json')),
  };
  await withFileErrors(folder, () => mkdir(folder, { recursive: true }));
  await writeFileAtomically(files.tflite, tflite);
  await writeFileAtomically(files.recipe, `${JSON.stringify(recipe, undefined, 2)}\n`);
  return files;
}

/** Those that are not the file of the node that was chosen. A damaged node has its own problem, and nothing to compare with. */
export async function damagedRecommendations(runFolder: string, events: readonly RunEvent[]): Promise<readonly ChosenFile[]> {
  const last = events.findLast((event) => event.type === 'run-finished');
  const damaged: ChosenFile[] = [];
  for (const chosen of last?.chosen ?? []) {
    const found = await readResult(path.join(runFolder, resultPath(chosen.model, chosen.node)));
    if (found.kind !== 'sound') continue;
    const copy = await readIfReadable(path.join(runFolder, fileName(chosen.model, chosen.budget + 1, 'tflite')));
    if (copy === undefined || !copy.equals(found.outcome.files.tflite)) damaged.push(chosen);
  }
  return damaged;
}

async function readIfReadable(file: string): Promise<Buffer | undefined> {
  try {
    return await readRegularFile(file);
  } catch (error) {
    if (hasCode(error)) return undefined;
    throw error;
  }
}
