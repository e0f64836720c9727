import path from 'node:path';
import * as vscode from 'vscode';
import type { ModelInspection } from '../../shared/inspection.ts';
import { escapeHtml } from '../panel/page.ts';
import type { Services } from '../services.ts';
import { inspectionFolders, inspectionPage } from './inspection-page.ts';

export const tfliteEditorType = 'espalier.tflite';

let extensionFolder: vscode.Uri | undefined;

/** Read only: a .tflite is the result of a run, not something to type into. The worker reads it. */
class TfliteEditorProvider implements vscode.CustomReadonlyEditorProvider {
  readonly #services: Services;
  readonly #extension: vscode.Uri;

  constructor(services: Services, extension: vscode.Uri) {
    this.#services = services;
    this.#extension = extension;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor(document: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    panel.webview.options = {
      enableScripts: true,
      enableCommandUris: [manageTrust],
      localResourceRoots: [...inspectionFolders(this.#extension)],
    };
    const show = async (): Promise<void> => {
      if (!vscode.workspace.isTrusted) {
        panel.webview.html = restrictedPage();
        return;
      }
      try {
        const inspection = await this.#services.worker.connection.request('inspect', { path: document.uri.fsPath });
        panel.webview.html = inspectionPage(panel.webview, this.#extension, [inspection]);
      } catch (error) {
        panel.webview.html = `<!DOCTYPE html><html lang="en"><body><p role="alert">${escapeHtml(error instanceof Error ? error.message : String(error))}</p></body></html>`;
      }
    };
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(path.dirname(document.uri.fsPath), path.basename(document.uri.fsPath)),
    );
    watcher.onDidChange(() => void show());
    const granted = vscode.workspace.onDidGrantWorkspaceTrust(() => void show());
    panel.onDidDispose(() => vscode.Disposable.from(watcher, granted).dispose());
    await show();
  }
}

const manageTrust = 'workbench.trust.manage';

/** A file is not read because it was opened: in Restricted Mode that takes a word from the user. */
function restrictedPage(): string {
  const reason = vscode.l10n.t('This file is not read in Restricted Mode. Trust the workspace to see what is in it.');
  return `<!DOCTYPE html><html lang="en"><body><p>${escapeHtml(reason)}</p><p><a href="command:${manageTrust}">${escapeHtml(vscode.l10n.t('Manage Workspace Trust'))}</a></p></body></html>`;
}

export function registerTfliteEditor(context: vscode.ExtensionContext, services: Services): void {
  extensionFolder = context.extensionUri;
  context.subscriptions.push(
    vscode.window.registerCustomEditorProvider(tfliteEditorType, new TfliteEditorProvider(services, context.extensionUri), {
      webviewOptions: { retainContextWhenHidden: false, enableFindWidget: true },
    }),
  );
}

/** One model, or two to compare. */
export function showInspection(inspections: readonly ModelInspection[]): void {
  if (extensionFolder === undefined) return;
  const title = inspections.map((inspection) => path.basename(inspection.path)).join(' ↔ ');
  const panel = vscode.window.createWebviewPanel('espalier.inspection', title, vscode.ViewColumn.Active, {
    enableScripts: true,
    enableFindWidget: true,
    localResourceRoots: [...inspectionFolders(extensionFolder)],
  });
  panel.webview.html = inspectionPage(panel.webview, extensionFolder, inspections);
}
