import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Limits of the search, so that a large folder is no long wait. */
const mostFolders = 2_000;
const deepest = 6;

/** Absolute paths of the recipes in a folder and below it, but for hidden folders and packages. */
export async function findRecipes(root: string): Promise<readonly string[]> {
  const recipes: string[] = [];
  let folders = [path.resolve(root)];
  let looked = 0;
  for (let depth = 0; depth <= deepest && folders.length > 0 && looked < mostFolders; depth += 1) {
    const next: string[] = [];
    for (const folder of folders.slice(0, mostFolders - looked)) {
      looked += 1;
      for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
        if (entry.isFile() && /\.espalier\.jsonc?$/.test(entry.name)) recipes.push(path.join(folder, entry.name));
        if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') next.push(path.join(folder, entry.name));
      }
    }
    folders = next;
  }
  return recipes.toSorted();
}
