import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import type { Run } from './run.ts';

/** Folder of the run in progress in this workspace's window; still set when the window was closed during the run. */
const goingOnKey = 'espalier.goingOn';

/** Of the extension, in this window. */
export interface WindowContext {
  readonly subscriptions: vscode.Disposable[];
  readonly workspaceState: Pick<vscode.Memento, 'get' | 'update'>;
}

/**
 * Offers to resume a run that was in progress when its window was closed or reloaded. One whose stages are jobs of a
 * scheduler is followed again without a question: its jobs went on.
 */
export function registerResumeOffer(context: WindowContext, { runs, panels }: Pick<Services, 'runs' | 'panels'>): void {
  const left = context.workspaceState.get<string>(goingOnKey);
  const remember = (): void => {
    const folder = runs.current()?.folder;
    if (folder !== context.workspaceState.get<string>(goingOnKey)) void context.workspaceState.update(goingOnKey, folder);
  };
  if (left === undefined || !vscode.workspace.isTrusted) {
    context.subscriptions.push(runs.onDidStart(remember), runs.onDidChange(remember));
    return;
  }
  const offer = async (run: Run): Promise<void> => {
    await runs.load(run);
    if (hasJobs(run)) {
      if (run.active) return;
      runs.resume(run);
      void vscode.window.showInformationMessage(
        vscode.l10n.t('The jobs of {0} went on while its window was closed. They are followed again.', run.name),
      );
      return;
    }
    const resume = vscode.l10n.t('Resume');
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t('The run {0} was interrupted when its window was closed. Finished nodes are kept.', run.name),
      resume,
    );
    if (answer !== resume || run.active) return;
    panels.show(run);
    runs.resume(run);
  };
  let offered = false;
  context.subscriptions.push(
    runs.onDidStart(remember),
    runs.onDidChange(() => {
      const run = runs.inFolder(left);
      // The worker of the closed window may still be ending.
      if (!offered && run?.activity === 'interrupted') {
        offered = true;
        void offer(run);
      }
      if (offered || runs.current() !== undefined) remember();
    }),
  );
  void runs.ensureListed();
}

/** The state of a run that nothing works on has forgotten them. */
function hasJobs(run: Run): boolean {
  return run.events.some((event) => event.type === 'node-queued' || (event.type === 'node-started' && event.job !== undefined));
}
