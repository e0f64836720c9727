import * as vscode from 'vscode';
import { setContextKeys } from '../context-keys.ts';
import { RunNotes } from '../board/run-notes.ts';
import { RunBoard } from '../board/run-board.ts';
import type { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { runIn } from './command-targets.ts';
import { registerCommand, UserError } from './register-command.ts';

/** Shows the board of runs; with two or more of them chosen, side by side. */
export function registerCompareRuns(context: vscode.ExtensionContext, services: Services): void {
  const notes = new RunNotes(context.workspaceState);
  const boardServices = { extensionUri: context.extensionUri, notes, services };
  context.subscriptions.push(services.runs.onDidChange((run) => run && void notes.keep(run)));
  const show = (runs: readonly Run[]): void => {
    const panel = vscode.window.createWebviewPanel('espalier.board', vscode.l10n.t('Runs'), vscode.ViewColumn.Active);
    const board = new RunBoard(panel.webview, boardServices, runs);
    panel.onDidDispose(() => board.dispose());
  };
  setContextKeys({ secondarySideBar: hasSecondarySideBar(vscode.version) });
  registerCommand(context, services, 'espalier.compareRuns', async (argument, selection) => {
    await services.runs.refresh();
    const runs = selected(argument, selection);
    if (services.runs.all().length < 2) throw new UserError(vscode.l10n.t('Comparing needs two runs.'));
    show(runs);
  });
  context.subscriptions.push(
    vscode.window.registerWebviewViewProvider('espalier.board', {
      resolveWebviewView(view) {
        const board = new RunBoard(view.webview, boardServices);
        view.onDidDispose(() => board.dispose());
      },
    }),
  );
  registerCommand(context, services, 'espalier.deleteRun', async (argument, selection) => {
    const runs = selected(argument, selection).filter((run) => !run.active);
    if (runs.length === 0) throw new UserError(vscode.l10n.t('Choose runs in the Runs view that have ended.'));
    const remove = vscode.l10n.t('Delete');
    const question =
      runs.length === 1
        ? vscode.l10n.t('Delete this run with its .tflite files?')
        : vscode.l10n.t('Delete {0} runs with their .tflite files?', runs.length);
    if ((await vscode.window.showWarningMessage(question, { modal: true }, remove)) !== remove) return;
    for (const run of runs) await services.runs.delete(run);
  });
}

function selected(argument: unknown, selection: unknown): readonly Run[] {
  const items: readonly unknown[] = Array.isArray(selection) && selection.length > 0 ? selection : [argument];
  return items.map(runIn).filter((run) => run !== undefined);
}

/** Where extensions have views there; before, the editor would put them into the Explorer. */
function hasSecondarySideBar(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || minor >= 106;
}
