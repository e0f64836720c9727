import path from 'node:path';
import * as vscode from 'vscode';
import { setContextKeys } from '../context-keys.ts';
import type { Services } from '../services.ts';
import { detectData } from '../workspace/detect-data.ts';
import type { Run } from '../runs/run.ts';
import { ModelsView, type ModelsViewItem } from './models-view.ts';
import { RunsView } from './runs-view.ts';

export function registerViews(context: vscode.ExtensionContext, { models, recipes, runs }: Services): void {
  const modelsView = new ModelsView(models, recipes, runs);
  const runsView = new RunsView(runs);
  const modelsTree = vscode.window.createTreeView('espalier.models', { treeDataProvider: modelsView, showCollapseAll: true });
  const views = [modelsTree, vscode.window.createTreeView('espalier.runs', { treeDataProvider: runsView, canSelectMany: true })];
  let readiness: vscode.Disposable | undefined;
  const welcome = (): void => {
    if (views.some((view) => view.visible)) readiness ??= followReadiness({ models, recipes });
  };
  context.subscriptions.push(
    modelsView,
    runsView,
    ...views,
    ...views.map((view) => view.onDidChangeVisibility(welcome)),
    selectRecommended(modelsTree, modelsView, runs),
    new vscode.Disposable(() => readiness?.dispose()),
  );
  welcome();
}

/** When a run ends, the sidebar selects the file to ship, as the panel does; nothing is opened for it. */
function selectRecommended(tree: vscode.TreeView<ModelsViewItem>, view: ModelsView, runs: Services['runs']): vscode.Disposable {
  const running = new Set<Run>();
  const select = async (run: Run): Promise<void> => {
    const item = await view.recommended(run);
    if (item !== undefined && tree.visible) await tree.reveal(item, { select: true, focus: false, expand: true });
  };
  return runs.onDidChange((run) => {
    if (run === undefined) return;
    if (run.activity === 'running') running.add(run);
    else if (running.delete(run) && run.activity === 'ended') select(run).catch(() => undefined);
  });
}

/** Limits how many folders are read in a large workspace. */
const mostFolders = 20;

/** Keeps the context keys about files up to date, from when the views are first looked at. */
function followReadiness({ models, recipes }: Pick<Services, 'models' | 'recipes'>): vscode.Disposable {
  const update = async (): Promise<void> => {
    const [foundModels, foundRecipes] = await Promise.all([models.files(), recipes.files()]);
    setContextKeys({
      models: foundModels.length === 0 ? 'none' : 'some',
      recipes: foundRecipes.length === 0 ? 'none' : 'some',
      readiness: await readiness(foundModels, foundRecipes),
    });
  };
  void update();
  return vscode.Disposable.from(
    models.onDidChange(() => void update()),
    recipes.onDidChange(() => void update()),
  );
}

async function readiness(models: readonly vscode.Uri[], recipes: readonly vscode.Uri[]): Promise<'noModel' | 'noData' | 'ready'> {
  if (recipes.length > 0) return 'ready';
  if (models.length === 0) return 'noModel';
  const folders = [...new Set(models.map((model) => path.dirname(model.fsPath)))].slice(0, mostFolders);
  for (const folder of folders) if ((await detectData(folder)).length > 0) return 'ready';
  return 'noData';
}
