import * as vscode from 'vscode';
import { translate } from '../translate.ts';
import { compareRuns } from '../../shared/drawing/run-comparison.ts';
import type { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { pickRun, runIn } from './command-targets.ts';
import { registerCommand, UserError } from './register-command.ts';

const comparisonScheme = 'espalier-comparison';

/** Compares two runs node by node, as Markdown in the preview: an untitled document would ask to be saved. */
export function registerCompareRuns(context: vscode.ExtensionContext, services: Services): void {
  const comparisons = new Map<string, string>();
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(comparisonScheme, {
      provideTextDocumentContent: (uri) => comparisons.get(uri.toString()) ?? '',
    }),
  );
  registerCommand(context, services, 'espalier.compareRuns', async (argument, selection) => {
    await services.runs.refresh();
    const [first, second] = await chooseTwo(argument, selection, services);
    await Promise.all([services.runs.load(first), services.runs.load(second)]);
    const content = compareRuns(
      [first, second].map((run) => ({ name: titleOf(run), state: run.state })),
      translate,
    );
    const uri = vscode.Uri.from({ scheme: comparisonScheme, path: `${titleOf(first)} ↔ ${titleOf(second)}.md`.replaceAll(/[\\/]/g, '-') });
    comparisons.set(uri.toString(), content);
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  });
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

async function chooseTwo(argument: unknown, selection: unknown, services: Services): Promise<readonly [Run, Run]> {
  const [first, second] = selected(argument, selection);
  if (first !== undefined && second !== undefined) return [first, second];
  const runs = services.runs.all().filter((run) => !run.active);
  if (runs.length < 2) throw new UserError(vscode.l10n.t('Comparing needs two runs that have ended.'));
  const one = first ?? (await pickRun(runs, vscode.l10n.t('Compare which run?')));
  return [
    one,
    await pickRun(
      runs.filter((run) => run !== one),
      vscode.l10n.t('Compare {0} with which run?', titleOf(one)),
    ),
  ];
}

function titleOf(run: Run): string {
  return run.startedAt === undefined ? run.name : `${run.name} ${new Date(run.startedAt).toLocaleString(vscode.env.language)}`;
}
