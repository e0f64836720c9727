import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { detectData } from '../workspace/detect-data.ts';

/** What the workspace still lacks before something can be run, for the welcome texts of the views. */
export type Readiness = 'noModel' | 'noData' | 'ready';

const contextKey = 'espalier.readiness';
/** So that a workspace of a thousand models does not have a thousand folders read. */
const mostFolders = 20;

/** Keeps the context key `espalier.readiness` up to date, from when the views are first looked at. */
export function followReadiness({ models, recipes }: Pick<Services, 'models' | 'recipes'>): vscode.Disposable {
  const update = async (): Promise<void> => {
    await vscode.commands.executeCommand('setContext', contextKey, await readiness(await models.files(), await recipes.files()));
  };
  void update();
  return vscode.Disposable.from(
    models.onDidChange(() => void update()),
    recipes.onDidChange(() => void update()),
  );
}

export async function readiness(models: readonly vscode.Uri[], recipes: readonly vscode.Uri[]): Promise<Readiness> {
  if (recipes.length > 0) return 'ready';
  if (models.length === 0) return 'noModel';
  const folders = [...new Set(models.map((model) => path.dirname(model.fsPath)))].slice(0, mostFolders);
  for (const folder of folders) if ((await detectData(folder)).length > 0) return 'ready';
  return 'noData';
}
