import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { registerCommand, requireTrust, withProgress } from './register-command.ts';

const folderName = 'espalier-example';

/** Creates a small project with generated data and a trained baseline. */
export function registerCreateExample(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.createExample', async (argument) => {
    await requireTrust();
    const folder = argument instanceof vscode.Uri ? argument : await chooseFolder();
    const { recipe } = await withProgress(vscode.l10n.t('Creating the example project'), (options) =>
      services.worker.connection.request('createExample', { folder: folder.fsPath }, options),
    );
    services.models.refresh();
    services.recipes.refresh();
    if (vscode.workspace.getWorkspaceFolder(folder) === undefined) {
      await vscode.commands.executeCommand('vscode.openFolder', folder, {
        forceNewWindow: vscode.workspace.workspaceFolders !== undefined,
      });
      return;
    }
    await vscode.window.showTextDocument(vscode.Uri.file(recipe));
    const run = vscode.l10n.t('Run');
    if (
      (await vscode.window.showInformationMessage(
        vscode.l10n.t('The example project is in {0}.', vscode.workspace.asRelativePath(folder)),
        run,
      )) === run
    ) {
      await vscode.commands.executeCommand('espalier.runRecipe', vscode.Uri.file(recipe));
    }
  });
}

async function chooseFolder(): Promise<vscode.Uri> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const workspace = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0];
  if (workspace === undefined && folders.length > 0) throw new vscode.CancellationError();
  if (workspace !== undefined) return vscode.Uri.joinPath(workspace.uri, folderName);
  const [parent] =
    (await vscode.window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      openLabel: vscode.l10n.t('Create “{0}” Here', folderName),
    })) ?? [];
  if (parent === undefined) throw new vscode.CancellationError();
  return vscode.Uri.file(path.join(parent.fsPath, folderName));
}
