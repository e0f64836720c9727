import * as vscode from 'vscode';
import { hasFailed, type Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { chooseRun } from './command-targets.ts';
import { registerCommand, requireTrust } from './register-command.ts';
import { confirmAndStart } from './run-recipe.ts';

/** Runs what failed once more: the run goes on where its recipe is as it was; a changed recipe is run anew, from the cache where it can. */
export function registerRunFailedAgain(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.runFailedAgain', async (argument) => {
    await requireTrust();
    const run = await chooseRun(argument, services, hasFailed, vscode.l10n.t('No run has failed.'));
    if (run.folder === undefined || (await hasChangedSince(run))) {
      await confirmAndStart(context, services, run.recipe);
      return;
    }
    services.panels.show(run);
    services.runs.resume(run);
  });
}

async function hasChangedSince({ recipe, startedAt }: Run): Promise<boolean> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === recipe.toString());
  await open?.save();
  try {
    return (await vscode.workspace.fs.stat(recipe)).mtime > (startedAt ?? 0);
  } catch {
    // Deleted or renamed: the run keeps its own copy.
    return false;
  }
}
