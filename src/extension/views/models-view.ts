import path from 'node:path';
import * as vscode from 'vscode';
import type { Run } from '../runs/run.ts';
import type { Runs } from '../runs/runs.ts';
import { modelName } from '../workspace/recipe-document.ts';
import { modelPath } from '../workspace/model-files.ts';
import type { ModelFiles, RecipeFiles } from '../workspace/model-files.ts';
import { readOutline, resolveIn } from '../workspace/recipe-outlines.ts';
import { ModelItem, NodeItem, RecipeItem } from './tree-items.ts';

type Item = ModelItem | RecipeItem | NodeItem;

interface RecipeUse {
  readonly recipe: vscode.Uri;
  /** File system path of a model of the recipe, undefined where it names none, and the model's name in tables. */
  readonly model: string | undefined;
  readonly name: string;
}

/** The view is refreshed at most this often. */
const refreshMilliseconds = 250;

/** Models of the workspace, under each its recipes, under each the nodes of its deployment tree. */
export class ModelsView implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  readonly #models: ModelFiles;
  readonly #recipes: RecipeFiles;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #disposables: vscode.Disposable[] = [this.#changed];
  #timer: NodeJS.Timeout | undefined;
  #uses: Promise<readonly RecipeUse[]> | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(models: ModelFiles, recipes: RecipeFiles, runs: Runs) {
    this.#models = models;
    this.#recipes = recipes;
    this.#runs = runs;
    this.#disposables.push(
      models.onDidChange(() => this.#refresh()),
      recipes.onDidChange(() => {
        this.#uses = undefined;
        this.#refresh();
      }),
      runs.onDidChange(() => this.#refresh()),
    );
  }

  getTreeItem(item: Item): vscode.TreeItem {
    return item;
  }

  async getChildren(item?: Item): Promise<Item[]> {
    if (item === undefined) return this.#roots();
    switch (item.kind) {
      case 'model':
        return this.#recipesOf(modelPath(item.model));
      case 'recipe':
        return item.run === undefined ? [] : nodesUnder(item.run, item.modelName, undefined);
      case 'node':
        return nodesUnder(item.run, item.model, item.node);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #roots(): Promise<Item[]> {
    // The models are listed at once; results follow.
    void this.#runs.ensureListed();
    const [models, uses] = await Promise.all([this.#models.files(), this.#recipeUses()]);
    const present = new Set(models.map(modelPath));
    const used = new Set(uses.map((use) => use.model));
    const found = models.map((model) => new ModelItem(model, used.has(modelPath(model))));
    const lost = uses
      .filter((use) => use.model === undefined || !present.has(use.model))
      .map(
        (use) =>
          new RecipeItem(
            use.recipe,
            this.#runs.latestOf(use.recipe),
            use.name,
            use.model === undefined ? vscode.l10n.t('names no model') : vscode.l10n.t('model not found: {0}', path.basename(use.model)),
          ),
      );
    // Models with recipes come first.
    return [
      ...found.filter((item) => item.collapsibleState !== vscode.TreeItemCollapsibleState.None),
      ...lost,
      ...found.filter((item) => item.collapsibleState === vscode.TreeItemCollapsibleState.None),
    ];
  }

  async #recipesOf(model: string): Promise<Item[]> {
    return (await this.#recipeUses())
      .filter((use) => use.model === model)
      .map((use) => new RecipeItem(use.recipe, this.#runs.latestOf(use.recipe), use.name));
  }

  #recipeUses(): Promise<readonly RecipeUse[]> {
    this.#uses ??= this.#recipes.files().then(async (recipes) => (await Promise.all(recipes.map(usesOf))).flat());
    return this.#uses;
  }

  #refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire(undefined);
    }, refreshMilliseconds);
  }
}

async function usesOf(recipe: vscode.Uri): Promise<readonly RecipeUse[]> {
  try {
    const { models } = await readOutline(recipe);
    if (models.length === 0) return [{ recipe, model: undefined, name: '' }];
    return models.map((model) => ({
      recipe,
      model: resolveIn(recipe, model.path),
      name: model.name === '' ? modelName(model.path) : model.name,
    }));
  } catch {
    // Deleted between the listing and now; the next listing will not have it.
    return [];
  }
}

/** The children of a node, or the root; of the named model, or where the name is unknown of the only one. */
function nodesUnder(run: Run, modelName: string | undefined, parent: string | undefined): NodeItem[] {
  const { models } = run.state;
  const model = models.find((candidate) => candidate.model === modelName) ?? (models.length === 1 ? models[0] : undefined);
  if (model === undefined) return [];
  return [...model.nodes.values()].filter((result) => result.parent === parent).map((result) => new NodeItem(run, model, result));
}
