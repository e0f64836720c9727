/**
 * Which files a recipe may make us read before its user has said so: a recipe that came with a repository can name any
 * file of the machine.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { namedTeachers } from '../../../shared/recipe/teachers.ts';
import { parseRecipe } from './parse-recipe.ts';
import { namedPaths } from './data-paths.ts';
import { readDataBlock } from './read-data-block.ts';
import type { RecipeDocument } from './recipe-document.ts';

export type MayRead = (file: string) => boolean;

/** Files below one of the folders, links followed; everything where `folders` is undefined. */
export function readableBelow(folders: readonly string[] | undefined): MayRead {
  if (folders === undefined) return () => true;
  const roots = folders.map(followLinks);
  return (file) => {
    const real = followLinks(file);
    return roots.some((root) => real === root || real.startsWith(root.endsWith(path.sep) ? root : `${root}${path.sep}`));
  };
}

/** The real path of what is there; of what is not, the real path of the nearest folder above it. */
function followLinks(file: string): string {
  const absolute = path.resolve(file);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(followLinks(parent), path.basename(absolute));
  }
}

/**
 * Absolute paths of models and data that a recipe names and that may not be read. A block of data in a file of its own
 * is read where it may be: what it names counts too.
 *
 * @param folder of the recipe, which its paths are relative to
 */
export async function unreadableFiles(text: string, folder: string, mayRead: MayRead): Promise<readonly string[]> {
  const { salvaged } = parseRecipe(text);
  if (salvaged === undefined) return [];
  const { recipe } = salvaged;
  const found = [...modelPaths(recipe), ...namedTeachers(recipe).map((teacher) => teacher.path)].map((model) =>
    path.resolve(folder, model),
  );
  for (const data of [recipe.data, ...(recipe.models ?? []).map((model) => model.data)]) {
    if (data !== undefined) found.push(...(await dataPaths(data, folder, mayRead)));
  }
  return [...new Set(found)].filter((file) => !mayRead(file));
}

function modelPaths({ model, models = [] }: RecipeDocument): readonly string[] {
  return [...(model === undefined ? [] : [model]), ...models.map((entry) => entry.path)];
}

/** Absolute paths that a block of data names, and of the file that holds it. */
export async function dataPaths(data: object | string, folder: string, mayRead: MayRead): Promise<readonly string[]> {
  if (typeof data !== 'string') return namedPaths(data, folder).map((named) => path.resolve(folder, named.text));
  const file = path.resolve(folder, data);
  if (!mayRead(file)) return [file];
  try {
    const { spec, folder: own } = await readDataBlock(data, folder);
    return [file, ...namedPaths(spec, own).map((named) => path.resolve(own, named.text))];
  } catch {
    // A block that cannot be read is reported by the check of the recipe, and names nothing.
    return [file];
  }
}
