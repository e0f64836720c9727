import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { ModelsView } from './models-view.ts';
import { RunsView } from './runs-view.ts';

export function registerViews(context: vscode.ExtensionContext, { models, recipes, runs }: Services): void {
  const modelsView = new ModelsView(models, recipes, runs);
  const runsView = new RunsView(runs);
  context.subscriptions.push(
    modelsView,
    runsView,
    vscode.window.createTreeView('espalier.models', { treeDataProvider: modelsView, showCollapseAll: true }),
    vscode.window.createTreeView('espalier.runs', { treeDataProvider: runsView, canSelectMany: true }),
  );
}
