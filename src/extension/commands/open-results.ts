import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { chooseRun, chooseTflite, nodeIn, runIn } from './command-targets.ts';
import { registerCommand } from './register-command.ts';
import { tfliteEditorType } from '../tflite/tflite-editor.ts';

export function registerOpenResults(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.openResults', async (argument) => {
    const run = await chooseRun(argument, services, () => true, vscode.l10n.t('No recipe of this workspace was run yet.'));
    await services.runs.load(run);
    services.panels.show(run, nodeIn(argument));
  });
  registerCommand(context, services, 'espalier.openRecipe', async (argument) => {
    const run = await chooseRun(argument, services, () => true, vscode.l10n.t('No recipe of this workspace was run yet.'));
    await vscode.window.showTextDocument(run.recipe);
  });
  registerCommand(context, services, 'espalier.openTflite', async (argument) => {
    await vscode.commands.executeCommand('vscode.openWith', await chooseTflite(argument, services), tfliteEditorType);
  });
  registerCommand(context, services, 'espalier.saveTflite', async (argument) => {
    const source = await chooseTflite(argument, services);
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(saveFolder(argument, services), proposedName(argument, source)),
      filters: { [vscode.l10n.t('TensorFlow Lite model')]: ['tflite'] },
      title: vscode.l10n.t('Save .tflite as…'),
    });
    if (target === undefined) return;
    await vscode.workspace.fs.copy(source, target, { overwrite: true });
    vscode.window.setStatusBarMessage(vscode.l10n.t('Saved {0}', target.fsPath), 5_000);
  });
  registerCommand(context, services, 'espalier.revealTflite', async (argument) => {
    await vscode.commands.executeCommand(
      vscode.env.remoteName === undefined ? 'revealFileInOS' : 'revealInExplorer',
      await chooseTflite(argument, services),
    );
  });
  registerCommand(context, services, 'espalier.copyPath', async (argument) => {
    const { fsPath } = await chooseTflite(argument, services);
    await vscode.env.clipboard.writeText(fsPath);
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0}', fsPath), 5_000);
  });
  registerCommand(context, services, 'espalier.showLog', async () => services.log.show());
}

/** Beside the recipe, where one is known. */
function saveFolder(argument: unknown, services: Services): vscode.Uri {
  const recipe = (runIn(argument) ?? services.panels.active())?.recipe;
  return recipe === undefined
    ? (vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(path.resolve('.')))
    : vscode.Uri.joinPath(recipe, '..');
}

/** `mnist-pruned-clustered-int8.tflite`: the model, and what was done to it. */
function proposedName(argument: unknown, source: vscode.Uri): string {
  const node = nodeIn(argument);
  if (node === undefined) return path.basename(source.path);
  const steps = node.node.split('/').slice(0, -1);
  return `${[path.parse(node.model).name, ...steps, 'int8'].join('-')}.tflite`;
}
