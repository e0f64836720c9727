import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ModelsView } from '../../../src/extension/views/models-view.ts';
import { ModelFiles } from '../../../src/extension/workspace/model-files.ts';
import { eventually, exampleRecipe, services, workspaceFile } from './support.ts';

describe('the sidebar', () => {
  it('shows models, under them recipes, under them the nodes with their figures', async () => {
    const { models, recipes, runs } = await services();
    const run = runs.start(exampleRecipe());
    await eventually(() => run.activity === 'ended' || undefined, 'the end of the run');
    const view = new ModelsView(models, recipes, runs);
    const model = (await view.getChildren()).find((item) => item.kind === 'model');
    assert.ok(model);
    assert.equal(model.label, 'mnist.h5');
    const recipe = (await view.getChildren(model)).find((item) => item.kind === 'recipe' && item.label === 'mnist.espalier.json');
    assert.ok(recipe);
    assert.match(recipe.contextValue ?? '', /\brunnable\b/);
    const [root] = await view.getChildren(recipe);
    assert.ok(root);
    assert.equal(root.label, 'Trained model');
    const pruned = (await view.getChildren(root)).find((item) => item.label === 'Pruned');
    assert.ok(pruned);
    const leaves = await view.getChildren(pruned);
    assert.deepEqual(
      leaves.map((leaf) => leaf.label),
      ['Quantized', 'PQAT', 'Clustered'],
    );
    assert.match(String(leaves[1]?.description), /^9\d\.\d% · 15\.3 kB$/);
    assert.match(leaves[1]?.contextValue ?? '', /\bviewable\b/);
    view.dispose();
  });

  it('lists 50 models among 2,000 files', async () => {
    const folder = workspaceFile('many');
    await Promise.all(
      Array.from({ length: 2_000 }, (_, index) =>
        vscode.workspace.fs.writeFile(
          vscode.Uri.joinPath(folder, `${index % 20}`, index % 40 === 0 ? `model${index}.keras` : `file${index}.txt`),
          new Uint8Array(),
        ),
      ),
    );
    try {
      const { recipes, runs } = await services();
      const models = new ModelFiles();
      const view = new ModelsView(models, recipes, runs);
      const items = await view.getChildren();
      assert.ok(items.filter((item) => String(item.label).endsWith('.keras')).length === 50);
      view.dispose();
      models.dispose();
    } finally {
      await vscode.workspace.fs.delete(folder, { recursive: true });
    }
  });
});
