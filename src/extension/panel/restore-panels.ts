import * as vscode from 'vscode';
import type { PanelMemory } from '../../shared/panel-protocol.ts';
import type { Services } from '../services.ts';
import { resultPanelType } from './result-panel.ts';

/** Restores panels with the window; their contents are read from the run's folder. */
export function registerPanelRestore(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer(resultPanelType, {
      async deserializeWebviewPanel(panel: vscode.WebviewPanel, memory: PanelMemory | undefined) {
        await services.runs.refresh();
        const run =
          (memory?.runFolder === undefined ? undefined : services.runs.inFolder(memory.runFolder)) ??
          (memory === undefined ? undefined : services.runs.latestOf(vscode.Uri.parse(memory.recipe)));
        if (run === undefined) {
          // The run was deleted in the meantime.
          panel.dispose();
          return;
        }
        await services.runs.load(run);
        services.panels.adopt(panel, run);
      },
    }),
  );
}
