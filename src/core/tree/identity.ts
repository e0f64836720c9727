/** What a model's results depend on, whatever the number of threads. */
import { stat } from 'node:fs/promises';
import { listDataFiles } from '../data/list-data-files.ts';
import type { ResolvedModel } from './recipe/resolve-recipe.ts';
import { digestData, digestModel, digestOf } from './store/digest.ts';

export interface Identity {
  readonly model: string;
  readonly data: string;
}

/** @throws EspalierError where model or data cannot be read */
export async function identityOf(model: ResolvedModel): Promise<Identity> {
  return { model: await modelIdentity(model), data: await digestData(model.data, model.dataFolder) };
}

export async function modelIdentity({ path, inputShapes, outputs }: ResolvedModel): Promise<string> {
  const digest = await digestModel(path);
  // What is chosen for open dimensions makes another network of the same bytes, and what outputs learn another task.
  return inputShapes === undefined && outputs === undefined ? digest : digestOf({ digest, inputShapes, outputs });
}

/** So many are looked at in seconds, on a network file system too. */
const MOST_STAMPED_FILES = 20_000;

/**
 * Sizes and times of the data's files: where they are as they were, so is the digest, which would take reading them all.
 * Undefined for more files than can be looked at each time.
 */
export async function dataStamp({ data, dataFolder }: ResolvedModel): Promise<string | undefined> {
  const { files } = await listDataFiles(data, dataFolder);
  if (files.length > MOST_STAMPED_FILES) return undefined;
  const stamps: (readonly [string, number, number])[] = [];
  for (const { name, path } of files) {
    const found = await stat(path).catch(() => undefined);
    stamps.push([name, found?.size ?? -1, found?.mtimeMs ?? -1]);
  }
  return digestOf(stamps);
}
