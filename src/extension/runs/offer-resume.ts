import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import type { Run } from './run.ts';

/** Folders of the runs in progress in this workspace's window; still set when the window was closed during the runs. */
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
  /** Runs of the closed window that nothing was decided about. */
  const left = new Set(context.workspaceState.get<readonly string[]>(goingOnKey));
  let remembered = [...left].join('\n');
  const remember = (): void => {
    const folders = [...new Set([...left, ...runs.goingOn().flatMap(({ folder }) => folder ?? [])])];
    if (folders.join('\n') === remembered) return;
    remembered = folders.join('\n');
    void context.workspaceState.update(goingOnKey, folders);
  };
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
  const decide = (): void => {
    if (!vscode.workspace.isTrusted) return;
    for (const folder of left) {
      const run = runs.inFolder(folder);
      // The worker of the closed window may still be ending, and the runs may not have been listed yet.
      if (run?.activity === 'running' || (run === undefined && !runs.isListed)) continue;
      left.delete(folder);
      if (run?.activity === 'interrupted') void offer(run);
    }
  };
  const update = (): void => {
    decide();
    remember();
  };
  context.subscriptions.push(runs.onDidStart(remember), runs.onDidChange(update), vscode.workspace.onDidGrantWorkspaceTrust(update));
  if (left.size > 0 && vscode.workspace.isTrusted) void runs.ensureListed();
}

/** The state of a run that nothing works on has forgotten them. */
function hasJobs(run: Run): boolean {
  return run.events.some((event) => event.type === 'node-queued' || (event.type === 'node-started' && event.job !== undefined));
}
