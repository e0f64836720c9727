import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { NodeItem } from '../../../src/extension/views/tree-items.ts';
import { exampleCause } from '../../support/example-run.ts';
import { doneNodes, eventually, exampleRecipe, services, writeRecipe } from './support.ts';

const slow = { model: 'mnist.h5', data: { format: 'idx', folder: 'mnist' }, training: { steps: 120 } };

describe('a run', () => {
  afterEach(async () => {
    const { runs } = await services();
    for (const run of runs.all()) if (run.active) await runs.cancel(run);
    await eventually(() => runs.goingOn().length === 0 || undefined, 'the queue is empty');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('goes from the command to a panel whose run ends with every node done', async () => {
    const { runs } = await services();
    await vscode.commands.executeCommand('espalier.runRecipe', exampleRecipe());
    const run = await eventually(() => runs.latestOf(exampleRecipe()), 'the run');
    await eventually(
      () =>
        vscode.window.tabGroups.all
          .flatMap((group) => group.tabs)
          .find((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith('espalier.results')),
      'the panel',
    );
    await eventually(() => run.activity === 'ended' || undefined, 'the end of the run');
    assert.equal(run.state.outcome, 'done');
    assert.equal(doneNodes(run).length, 12);
    assert.ok(run.tfliteOf('mnist', 'pruned/pqat'));
  });

  it('takes the tab of the run of its recipe before it', async () => {
    const { runs } = await services();
    const recipe = await writeRecipe('twice.espalier.json', { ...slow, training: { steps: 1 } });
    const tabs = (): readonly vscode.Tab[] =>
      vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .filter(({ input, label }) => input instanceof vscode.TabInputWebview && label.startsWith('twice'));
    await vscode.commands.executeCommand('espalier.runRecipe', recipe);
    const first = await eventually(() => runs.latestOf(recipe), 'the first run');
    await eventually(() => first.activity === 'ended' || undefined, 'the end of the first run');
    await eventually(() => tabs().length === 1 || undefined, 'the first panel');
    await vscode.commands.executeCommand('espalier.runRecipe', recipe);
    const second = await eventually(() => (runs.latestOf(recipe) === first ? undefined : runs.latestOf(recipe)), 'the second run');
    await eventually(() => second.activity === 'ended' || undefined, 'the end of the second run');
    assert.equal(tabs().length, 1);
    const { panels } = await services();
    assert.equal(panels.active(), second);
    // The earlier one is still there for who asks for it.
    panels.show(first);
    await eventually(() => tabs().length === 2 || undefined, 'a panel of its own');
  });

  it('is cancelled, keeps what is done, and resumes to the end', async () => {
    const { runs } = await services();
    const run = runs.start(await writeRecipe('cancel.espalier.json', slow));
    await eventually(() => doneNodes(run).length >= 2 || undefined, 'two finished nodes');
    await vscode.commands.executeCommand('espalier.cancel', { run });
    await eventually(() => run.activity === 'interrupted' || undefined, 'the cancellation');
    const kept = doneNodes(run);
    assert.ok(kept.length >= 2 && kept.length < 12);
    runs.resume(run);
    await eventually(() => run.activity === 'ended' || undefined, 'the end of the run', 40);
    assert.equal(run.state.outcome, 'done');
    assert.equal(doneNodes(run).length, 12);
  });

  it('that loses its process says so, keeps what is done, and resumes in a new one', async () => {
    const { runs, worker } = await services();
    const run = runs.start(await writeRecipe('crash.espalier.json', slow));
    await eventually(() => doneNodes(run).length >= 2 || undefined, 'two finished nodes');
    const { processId } = worker;
    assert.ok(processId);
    process.kill(processId, 'SIGKILL');
    await eventually(() => run.activity === 'interrupted' || undefined, 'the interruption');
    assert.match(run.status.notice ?? '', /killed.*resume/is);
    assert.ok(doneNodes(run).length >= 2);
    runs.resume(run);
    await eventually(() => run.activity === 'ended' || undefined, 'the end of the run', 40);
    assert.equal(doneNodes(run).length, 12);
    assert.notEqual(worker.processId, processId);
  });

  it('waits for the one before it, and can leave the queue', async () => {
    const { runs } = await services();
    const first = runs.start(await writeRecipe('first.espalier.json', slow));
    const second = runs.start(await writeRecipe('second.espalier.json', slow));
    const third = runs.start(await writeRecipe('third.espalier.json', { ...slow, training: { steps: 1 } }));
    await eventually(() => first.activity === 'running' || undefined, 'the first run');
    assert.equal(second.activity, 'queued');
    await runs.cancel(second);
    assert.equal(second.activity, 'ended');
    await runs.cancel(first);
    await eventually(() => third.activity === 'ended' || undefined, 'the third run');
    assert.equal(doneNodes(third).length, 12);
  });

  it('that is refused shows why and lets the next one begin', async () => {
    const { runs } = await services();
    const refused = runs.start(await writeRecipe('refused.espalier.json', { ...slow, layers: [{ pattern: 'refuse' }] }));
    await eventually(() => refused.activity === 'ended' || undefined, 'the refusal');
    assert.match(refused.status.notice ?? '', /layer "refuse" is not known/);
    const next = runs.start(await writeRecipe('next.espalier.json', { ...slow, training: { steps: 1 } }));
    await eventually(() => (next.activity === 'ended' && doneNodes(next).length === 12) || undefined, 'the next run');
  });

  it('that failed says why in the sidebar, leads to the place in the recipe, and runs again what failed', async () => {
    const { runs } = await services();
    const recipe = await writeRecipe('failing.espalier.json', {
      ...slow,
      training: { steps: 1 },
      techniques: { pruning: { sparsity: 0.5 } },
      layers: [{ pattern: 'fails' }],
    });
    const run = runs.start(recipe);
    await eventually(() => run.activity === 'ended' || undefined, 'the end of the run');
    assert.equal(run.state.outcome, 'failed');
    const [model] = run.state.models;
    const pruned = model?.nodes.get('pruned');
    assert.ok(model && pruned);
    const item = new NodeItem(run, model, pruned, false);
    assert.equal(item.description, `failed: ${exampleCause.what}`);
    assert.match(item.tooltip instanceof vscode.MarkdownString ? item.tooltip.value : '', /To fix it/);
    await vscode.commands.executeCommand('espalier.showInRecipe', { run, model: 'mnist', node: 'pruned' });
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.toString(), recipe.toString());
    assert.match(editor.document.getText(editor.selection), /^"pruning"/);
    await vscode.commands.executeCommand('espalier.runFailedAgain', { run });
    await eventually(() => run.state.outcome === 'done' || undefined, 'the second end of the run', 40);
    assert.equal(doneNodes(run).length, 12);
  });

  it('is found again in its folder by a window that never followed it', async () => {
    const { runs } = await services();
    const run = runs.start(exampleRecipe());
    await eventually(() => run.activity === 'ended' || undefined, 'the end of the run');
    const { Runs } = await import('../../../src/extension/runs/runs.ts');
    const { worker, recipes, log } = await services();
    const other = new Runs(worker, recipes, log);
    await other.refresh();
    const found = other.inFolder(run.folder ?? '');
    assert.ok(found);
    await other.load(found);
    assert.deepEqual(doneNodes(found), doneNodes(run));
    other.dispose();
  });
});
