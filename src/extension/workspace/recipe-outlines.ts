import path from 'node:path';
import * as vscode from 'vscode';
import type { Targets } from '../../shared/recipe/targets.ts';
import { outlineRecipe, targetsIn } from './recipe-document.ts';
import type { RecipeOutline } from './recipe-document.ts';

/** As it is being edited, or as it is on the disk. Throws where it cannot be read. */
export async function readOutline(recipe: vscode.Uri): Promise<RecipeOutline> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === recipe.toString());
  const text = open?.getText() ?? new TextDecoder().decode(await vscode.workspace.fs.readFile(recipe));
  return outlineRecipe(text);
}

/** No targets where the recipe cannot be read: it may have been deleted since its run. */
export async function readTargets(recipe: vscode.Uri): Promise<Targets> {
  try {
    return targetsIn(await readOutline(recipe));
  } catch {
    return {};
  }
}

/** Where a path in a recipe leads. */
export function resolveIn(recipe: vscode.Uri, file: string): string {
  return path.resolve(path.dirname(recipe.fsPath), file);
}
