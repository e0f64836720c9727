import path from 'node:path';
import * as vscode from 'vscode';
import type { NodeOfModel } from '../../shared/panel-protocol.ts';
import { techniqueRow } from '../../shared/techniques.ts';
import type { Run } from '../runs/run.ts';
import type { Services } from '../services.ts';
import { chooseRun, chooseTflite, nodeIn, runIn } from './command-targets.ts';
import { registerCommand } from './register-command.ts';
import { findPlace } from '../workspace/recipe-document.ts';
import { tfliteEditorType } from '../tflite/tflite-editor.ts';

export function registerOpenResults(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.openResults', async (argument) => {
    const run = await chooseRun(argument, services, () => true, vscode.l10n.t('No recipe of this workspace was run yet.'));
    await services.runs.load(run);
    services.panels.show(run, nodeIn(argument));
  });
  registerCommand(context, services, 'espalier.openRecipe', async (argument) => {
    const run = await chooseRun(argument, services, () => true, vscode.l10n.t('No recipe of this workspace was run yet.'));
    await vscode.window.showTextDocument(run.recipe);
  });
  registerCommand(context, services, 'espalier.showInRecipe', async (argument) => {
    const run = await chooseRun(argument, services, () => true, vscode.l10n.t('No recipe of this workspace was run yet.'));
    const editor = await vscode.window.showTextDocument(run.recipe);
    const { document } = editor;
    const place = placesOf(run, nodeIn(argument))
      .map((names) => findPlace(document.getText(), names))
      .find((found) => found !== undefined);
    if (place === undefined) return;
    const range = new vscode.Range(document.positionAt(place.offset), document.positionAt(place.offset + place.length));
    editor.selection = new vscode.Selection(range.start, range.end);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  });
  registerCommand(context, services, 'espalier.openTflite', async (argument) => {
    await vscode.commands.executeCommand('vscode.openWith', await chooseTflite(argument, services), tfliteEditorType);
  });
  registerCommand(context, services, 'espalier.saveTflite', async (argument) => {
    const source = await chooseTflite(argument, services);
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(saveFolder(argument, services), proposedName(argument, source)),
      filters: { [vscode.l10n.t('TensorFlow Lite model')]: ['tflite'] },
      title: vscode.l10n.t('Save .tflite as…'),
    });
    if (target === undefined) return;
    await vscode.workspace.fs.copy(source, target, { overwrite: true });
    vscode.window.setStatusBarMessage(vscode.l10n.t('Saved {0}', target.fsPath), 5_000);
  });
  registerCommand(context, services, 'espalier.revealTflite', async (argument) => {
    await vscode.commands.executeCommand(
      vscode.env.remoteName === undefined ? 'revealFileInOS' : 'revealInExplorer',
      await chooseTflite(argument, services),
    );
  });
  registerCommand(context, services, 'espalier.copyPath', async (argument) => {
    const { fsPath } = await chooseTflite(argument, services);
    await vscode.env.clipboard.writeText(fsPath);
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0}', fsPath), 5_000);
  });
  registerCommand(context, services, 'espalier.showLog', async () => services.log.show());
}

/** Where a recipe decides on a node, the closest first: where its error says, its technique, all techniques, the model. */
function placesOf(run: Run, about: NodeOfModel | undefined): readonly (readonly string[])[] {
  const result = run.state.models.find(({ model }) => model === about?.model)?.nodes.get(about?.node ?? '');
  const where = result?.state.kind === 'failed' ? result.state.cause?.where : undefined;
  const technique = result?.node.technique;
  return [
    ...(where === undefined || !/^[a-zA-Z]+(\.[a-zA-Z]+)*$/.test(where) ? [] : [where.split('.')]),
    ...(technique === undefined || technique === 'baseline' ? [] : [['techniques', techniqueRow(technique).options], ['training']]),
    ['model'],
    ['models'],
  ];
}

/** Beside the recipe, where one is known. */
function saveFolder(argument: unknown, services: Services): vscode.Uri {
  const recipe = (runIn(argument) ?? services.panels.active())?.recipe;
  return recipe === undefined
    ? (vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(path.resolve('.')))
    : vscode.Uri.joinPath(recipe, '..');
}

/** `mnist-pruned-clustered-int8.tflite`: the model, and what was done to it. */
function proposedName(argument: unknown, source: vscode.Uri): string {
  const node = nodeIn(argument);
  if (node === undefined) return path.basename(source.path);
  const steps = node.node.split('/').slice(0, -1);
  return `${[path.parse(node.model).name, ...steps, 'int8'].join('-')}.tflite`;
}
