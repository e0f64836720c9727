import * as vscode from 'vscode';
import { nodeTitle } from '../../shared/drawing/technique-names.ts';
import { translate } from '../translate.ts';
import type { Run } from '../runs/run.ts';
import type { StartOptions } from '../runs/runs.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { confirmFilesOutside } from '../workspace/readable-folders.ts';
import { chooseRecipe } from './command-targets.ts';
import { registerCommand, requireTrust } from './register-command.ts';

const firstRunKey = 'espalier.hasRun';

export function registerRunRecipe(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.runRecipe', async (argument) => {
    await requireTrust();
    const recipe = await chooseRecipe(argument, services);
    await confirmAndStart(context, services, recipe);
  });
  registerCommand(context, services, 'espalier.runAgain', async (argument) => {
    await requireTrust();
    const recipe = await chooseRecipe(argument, services);
    await confirmAndStart(context, services, recipe, { ignoreCache: true });
  });
}

/** Starts a run once the user has agreed to the files outside the workspace that its recipe names. */
export async function confirmAndStart(
  context: vscode.ExtensionContext,
  services: Services,
  recipe: vscode.Uri,
  options: StartOptions = {},
): Promise<void> {
  await confirmFilesOutside(services, recipe);
  startRun(context, services, recipe, options);
}

/** Starts a run and shows its panel. */
export function startRun(context: vscode.ExtensionContext, services: Services, recipe: vscode.Uri, options: StartOptions = {}): Run {
  const first = !context.globalState.get(firstRunKey, false);
  const { openResults } = readSettings();
  const run = services.runs.start(recipe, options);
  if (openResults === 'always' || (openResults === 'firstRun' && first)) services.panels.showStarted(run);
  if (first) {
    void context.globalState.update(firstRunKey, true);
    introduce(services, run);
  }
  return run;
}

/** Only the first run shows a notification; later ones appear in the view, the status bar and the panel. */
function introduce(services: Services, run: Run): void {
  void vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Espalier runs {0}', run.name), cancellable: true },
    (progress, token) =>
      new Promise<void>((resolve) => {
        token.onCancellationRequested(() => void services.runs.cancel(run));
        const subscriptions = [
          run.onDidAppend(() => {
            const nodes = run.state.models.flatMap((model) => [...model.nodes.values()]);
            const running = nodes.find((node) => node.state.kind === 'running');
            progress.report({ message: running === undefined ? '' : nodeTitle(running.node.title, translate) });
          }),
          run.onDidChangeStatus(() => {
            if (run.active) return;
            for (const subscription of subscriptions) subscription.dispose();
            resolve();
          }),
        ];
      }),
  );
}
