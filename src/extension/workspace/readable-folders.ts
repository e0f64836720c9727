import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';

const allowedKey = 'espalier.readableFolders';

/**
 * Folders whose files may be opened without a question: none in Restricted Mode, else those of the workspace and what
 * the user has allowed.
 */
export function readableFolders(state: vscode.Memento): readonly string[] {
  if (!vscode.workspace.isTrusted) return [];
  return [...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath), ...state.get<readonly string[]>(allowedKey, [])];
}

/** Without following links, which only the worker does. */
export function isReadable(state: vscode.Memento, file: vscode.Uri): boolean {
  return readableFolders(state).some((folder) => {
    const relative = path.relative(folder, file.fsPath);
    return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
  });
}

/** Models and data of a recipe that lie outside of the workspace and that the user has not allowed yet. */
export async function filesOutside({ worker, state }: Services, recipe: vscode.Uri): Promise<readonly string[]> {
  const document = await vscode.workspace.openTextDocument(recipe);
  const { files } = await worker.connection.request('filesOutside', {
    path: recipe.fsPath,
    text: document.getText(),
    folders: readableFolders(state),
  });
  return files;
}

/**
 * Asks before a recipe reads outside of the workspace: it may have come with a repository. The answer holds for these
 * files and for what is below them.
 *
 * @throws vscode.CancellationError when the user refuses
 */
export async function confirmFilesOutside(services: Services, recipe: vscode.Uri): Promise<void> {
  const files = await filesOutside(services, recipe);
  if (files.length === 0) return;
  const allow = vscode.l10n.t('Allow and Run');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('This recipe reads files outside of the workspace.'),
    { modal: true, detail: files.join('\n') },
    allow,
  );
  if (answer !== allow) throw new vscode.CancellationError();
  const allowed = services.state.get<readonly string[]>(allowedKey, []);
  await services.state.update(allowedKey, [...new Set([...allowed, ...files])]);
}
