import path from 'node:path';
import * as vscode from 'vscode';
import { deploymentTargetIds, deploymentTargetTitles, type DeploymentTargetId } from '../../shared/deployment.ts';
import { askInTurn, type Ask } from '../questions/ask-in-turn.ts';
import { pickOne } from '../questions/quick-inputs.ts';
import type { Services } from '../services.ts';
import { readDataBlocks } from '../workspace/data-blocks.ts';
import { modelLabel } from '../workspace/model-files.ts';
import { chooseDataOrNone } from './choose-data.ts';
import { chooseTflite, nodeIn, runIn } from './command-targets.ts';
import { registerCommand, requireTrust, withProgress } from './register-command.ts';

/** Writes a folder with all that a program needs to run a .tflite on a device. */
export function registerExportForTarget(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.exportFor', (argument) => exportForTarget(argument, services));
}

async function exportForTarget(argument: unknown, services: Services): Promise<void> {
  await requireTrust();
  const file = await chooseTflite(argument, services);
  const name = nameOf(argument, file);
  const ofRecipe = await dataOfRecipe(argument, services);
  const title = vscode.l10n.t('Export {0} for…', name);
  const { target, data } = await askInTurn(async (ask) => {
    const chosen = await chooseTarget(ask, title, ofRecipe === undefined ? 1 : 0);
    const withoutData = vscode.l10n.t('the preprocessing then only quantizes');
    return { target: chosen, data: ofRecipe ?? (await chooseDataOrNone(ask, services, file, { title, withoutData })) };
  });
  const beside = (runIn(argument)?.recipe ?? file).fsPath;
  const output = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Name a new folder'),
    saveLabel: vscode.l10n.t('Export'),
    defaultUri: vscode.Uri.file(path.join(path.dirname(beside), `${name}-${target}`)),
  });
  if (output === undefined) return;
  const { warnings } = await withProgress(vscode.l10n.t('Exporting for {0}', deploymentTargetTitles[target]), (options) =>
    services.worker.connection.request('deploy', { file: file.fsPath, output: output.fsPath, target, data, name }, options),
  );
  for (const warning of warnings) services.log.warn(warning);
  const open = vscode.l10n.t('Open README');
  const message = vscode.l10n.t('Wrote {0} for {1}', vscode.workspace.asRelativePath(output), deploymentTargetTitles[target]);
  if ((await vscode.window.showInformationMessage(message, open)) === open)
    await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.joinPath(output, 'README.md'));
}

/** Of a result its model's name, since all results are called alike; else the file's. */
function nameOf(argument: unknown, file: vscode.Uri): string {
  const model = nodeIn(argument)?.model ?? modelLabel(file);
  return path.basename(model).replace(/\.\w+$/, '');
}

/** What a result of a run was trained on: its preprocessing is the one that the program needs. */
async function dataOfRecipe(argument: unknown, services: Services): Promise<object | string | undefined> {
  const recipe = runIn(argument)?.recipe.toString();
  return recipe === undefined
    ? undefined
    : (await readDataBlocks(services.recipes)).find((block) => block.recipe.toString() === recipe)?.data;
}

async function chooseTarget(ask: Ask, title: string, stepsAfter: number): Promise<DeploymentTargetId> {
  const items = deploymentTargetIds.map((id) => ({ label: deploymentTargetTitles[id], description: describeTarget(id), id }));
  return (await ask(pickOne({ title, prompt: vscode.l10n.t('For which target?'), items, stepsAfter }))).id;
}

function describeTarget(target: DeploymentTargetId): string {
  switch (target) {
    case 'tflm':
      return vscode.l10n.t('C and C++ for any build, with a Makefile');
    case 'arduino':
      return vscode.l10n.t('a sketch');
    case 'esp-idf':
      return vscode.l10n.t('a project for Espressif’s chips');
    case 'zephyr':
      return vscode.l10n.t('an application');
    case 'android':
      return vscode.l10n.t('a library module: file with metadata, and a class');
    case 'ios':
      return vscode.l10n.t('files for Xcode: file with metadata, and a class');
    case 'web':
      return vscode.l10n.t('an ES module and a page');
  }
}
