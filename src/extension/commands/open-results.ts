import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { chooseRun, chooseTflite, nodeIn } from './command-targets.ts';
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
