import path from 'node:path';
import { parse } from 'jsonc-parser';
import * as vscode from 'vscode';
import { firstTooDeep } from '../../shared/nesting.ts';
import type { RecipeFiles } from './model-files.ts';

/** The fields of a data block that are paths. */
const pathFields = new Set([
  'folder',
  'file',
  'train',
  'test',
  'trainImages',
  'trainLabels',
  'testImages',
  'testLabels',
  'inputs',
  'labels',
]);

/** The data of every recipe, its paths made absolute so that it can be used from elsewhere. */
export async function readDataBlocks(
  recipes: RecipeFiles,
): Promise<readonly { readonly recipe: vscode.Uri; readonly data: object | string }[]> {
  const blocks = await Promise.all(
    (await recipes.files()).map(async (recipe) => {
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(recipe));
      const content: unknown = firstTooDeep(text) === undefined ? parse(text) : undefined;
      const data = typeof content === 'object' && content !== null && 'data' in content ? content.data : undefined;
      const folder = path.dirname(recipe.fsPath);
      if (typeof data === 'string') return [{ recipe, data: path.resolve(folder, data) }];
      return typeof data === 'object' && data !== null ? [{ recipe, data: absolutePaths(data, folder) }] : [];
    }),
  );
  return blocks.flat();
}

function absolutePaths(data: object, folder: string): object {
  return mapPaths(data, (file) => path.resolve(folder, file));
}

/** As a recipe in the folder writes them, so that the project can be moved. */
export function relativePaths(data: object, folder: string): object {
  return mapPaths(data, (file) => path.relative(folder, file).split(path.sep).join('/') || '.');
}

function mapPaths(data: object, change: (file: string) => string): object {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, pathFields.has(key) && typeof value === 'string' ? change(value) : value]),
  );
}
