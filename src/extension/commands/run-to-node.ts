import * as vscode from 'vscode';
import { translate } from '../translate.ts';
import { nodeTitle, techniqueName } from '../../shared/drawing/technique-names.ts';
import type { Services } from '../services.ts';
import { techniqueRow } from '../../shared/techniques.ts';
import { defaultNodes } from '../../shared/tree-shape.ts';
import { chooseRecipe, nodeIn, runIn } from './command-targets.ts';
import { registerCommand, requireTrust } from './register-command.ts';
import { confirmAndStart } from './run-recipe.ts';

/** Runs a node and its ancestors only. */
export function registerRunToNode(context: vscode.ExtensionContext, services: Services): void {
  registerCommand(context, services, 'espalier.runToNode', async (argument, nodes) => {
    await requireTrust();
    const recipe = await chooseRecipe(argument, services);
    const given = nodeIn(argument)?.node;
    const chosen = Array.isArray(nodes)
      ? nodes.filter((node) => typeof node === 'string')
      : given === undefined
        ? await pickNode(argument, recipe, services)
        : [given];
    await confirmAndStart(context, services, recipe, { nodes: chosen });
  });
}

async function pickNode(argument: unknown, recipe: vscode.Uri, services: Services): Promise<readonly string[]> {
  const run = runIn(argument) ?? services.runs.latestOf(recipe);
  const [model] = run?.state.models ?? [];
  const known =
    model === undefined
      ? defaultNodes()
          .filter(({ technique }) => techniqueRow(technique).onRequest !== true)
          .map(({ id, technique }) => ({
            label: techniqueName(technique, translate),
            description: id,
            id,
          }))
      : [...model.nodes.values()].map(({ node }) => ({ label: nodeTitle(node.title, translate), description: node.id, id: node.id }));
  const chosen = await vscode.window.showQuickPick(known, { placeHolder: vscode.l10n.t('Run to which node?'), matchOnDescription: true });
  if (chosen === undefined) throw new vscode.CancellationError();
  return [chosen.id];
}
