import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { ModelsView } from './models-view.ts';
import { RunsView } from './runs-view.ts';
import { followReadiness } from './workspace-readiness.ts';

export function registerViews(context: vscode.ExtensionContext, { models, recipes, runs }: Services): void {
  const modelsView = new ModelsView(models, recipes, runs);
  const runsView = new RunsView(runs);
  const views = [
    vscode.window.createTreeView('espalier.models', { treeDataProvider: modelsView, showCollapseAll: true }),
    vscode.window.createTreeView('espalier.runs', { treeDataProvider: runsView, canSelectMany: true }),
  ];
  let readiness: vscode.Disposable | undefined;
  const welcome = (): void => {
    if (views.some((view) => view.visible)) readiness ??= followReadiness({ models, recipes });
  };
  context.subscriptions.push(
    modelsView,
    runsView,
    ...views,
    ...views.map((view) => view.onDidChangeVisibility(welcome)),
    new vscode.Disposable(() => readiness?.dispose()),
  );
  welcome();
}
