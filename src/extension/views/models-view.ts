import path from 'node:path';
import * as vscode from 'vscode';
import { bestLeaf } from '../../shared/drawing/target-verdicts.ts';
import type { Targets } from '../../shared/recipe/targets.ts';
import type { ModelState } from '../../shared/run-state.ts';
import type { Run } from '../runs/run.ts';
import type { Runs } from '../runs/runs.ts';
import { modelName, targetsIn } from '../workspace/recipe-document.ts';
import { modelPath } from '../workspace/model-files.ts';
import type { ModelFiles, RecipeFiles } from '../workspace/model-files.ts';
import { readOutline, resolveIn } from '../workspace/recipe-outlines.ts';
import { ModelItem, NodeItem, RecipeItem } from './tree-items.ts';

export type ModelsViewItem = ModelItem | RecipeItem | NodeItem;
type Item = ModelsViewItem;

interface RecipeUse {
  readonly recipe: vscode.Uri;
  /** File system path of a model of the recipe, undefined where it names none, and the model's name in tables. */
  readonly model: string | undefined;
  readonly name: string;
  readonly targets: Targets;
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
        return item.run === undefined ? [] : this.#nodesUnder(item.run, modelOf(item.run, item.modelName), undefined);
      case 'node':
        return this.#nodesUnder(item.run, modelOf(item.run, item.model), item.node);
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

  /** The children of a node, or the root. */
  async #nodesUnder(run: Run, model: ModelState | undefined, parent: string | undefined): Promise<NodeItem[]> {
    if (model === undefined) return [];
    const best = await this.#bestOf(run, model);
    return [...model.nodes.values()]
      .filter((result) => result.parent === parent)
      .map((result) => new NodeItem(run, model, result, result.node.id === best));
  }

  async #bestOf(run: Run, model: ModelState): Promise<string | undefined> {
    const use = (await this.#recipeUses()).find(({ recipe }) => recipe.toString() === run.recipe.toString());
    return bestLeaf(model, use?.targets ?? {})?.leaf.node.id;
  }

  /** The entry of the file to ship of a run that has ended, to be selected. */
  async recommended(run: Run): Promise<NodeItem | undefined> {
    for (const model of run.state.models) {
      const best = await this.#bestOf(run, model);
      const result = best === undefined ? undefined : model.nodes.get(best);
      if (result !== undefined) return new NodeItem(run, model, result, true);
    }
    return undefined;
  }

  /** Where an entry stands: asked when one is selected that was not chosen by hand. */
  async getParent(item: Item): Promise<Item | undefined> {
    switch (item.kind) {
      case 'model':
        return undefined;
      case 'recipe':
        return this.#modelOf(item.recipe, item.modelName);
      case 'node': {
        const model = modelOf(item.run, item.model);
        const parent = model?.nodes.get(model.nodes.get(item.node)?.parent ?? '');
        if (model !== undefined && parent !== undefined)
          return new NodeItem(item.run, model, parent, parent.node.id === (await this.#bestOf(item.run, model)));
        const use = (await this.#recipeUses()).find(
          ({ recipe, name }) => recipe.toString() === item.recipe.toString() && (name === item.model || item.run.state.models.length === 1),
        );
        return use === undefined ? undefined : new RecipeItem(use.recipe, item.run, use.name);
      }
    }
  }

  async #modelOf(recipe: vscode.Uri, name: string | undefined): Promise<ModelItem | undefined> {
    const use = (await this.#recipeUses()).find(
      (candidate) => candidate.recipe.toString() === recipe.toString() && candidate.name === name,
    );
    const file = (await this.#models.files()).find((model) => modelPath(model) === use?.model);
    return file === undefined ? undefined : new ModelItem(file, true);
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
    const outline = await readOutline(recipe);
    const { models } = outline;
    const targets = targetsIn(outline);
    if (models.length === 0) return [{ recipe, model: undefined, name: '', targets }];
    return models.map((model) => ({
      recipe,
      model: resolveIn(recipe, model.path),
      name: model.name === '' ? modelName(model.path) : model.name,
      targets,
    }));
  } catch {
    // Deleted between the listing and now; the next listing will not have it.
    return [];
  }
}

/** The named model, or where the name is unknown the only one. */
function modelOf(run: Run, modelName: string | undefined): ModelState | undefined {
  const { models } = run.state;
  return models.find((candidate) => candidate.model === modelName) ?? (models.length === 1 ? models[0] : undefined);
}
