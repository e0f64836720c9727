/** A user who comes back to the project of a new user, with two runs of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { planTree } from '../../src/core/tree/deployment-tree.ts';
import { exampleRun } from '../support/example-run.ts';
import { writeRunFolder } from '../support/stored-run.ts';
import type { Editor } from './editor.ts';

/** Three ways to prune, each clustered in two ways, and two ways to cluster. */
const treeOf36 = planTree({
  pruning: [{}, { name: '75', sparsity: 0.75 }, { name: '90', sparsity: 0.9 }],
  sparsityPreservingClustering: [{}, { name: '8', clusters: 8 }],
  clustering: [{}, { name: '8', clusters: 8 }],
}).root;
/** @param opened an editor with what a new user leaves in it */
export function returningUser(opened: () => Editor): void {
  describe('a returning user', () => {
    let editor: Editor;

    beforeAll(() => {
      editor = opened();
    });

    it('compares the two runs', async () => {
      await editor.command('Espalier: Compare Runs');
      const page = editor.webview();
      await page.locator('#board tbody tr').nth(1).waitFor({ timeout: 60_000 });
      await page.locator('#board tbody vscode-checkbox').nth(0).click();
      await page.locator('#board tbody vscode-checkbox').nth(1).click();
      await page.locator('vscode-button', { hasText: 'Compare' }).click();
      await page.locator('#compared-recipes tbody tr', { hasText: 'training.epochs' }).waitFor();
      expect(await page.locator('#compared-trees tbody tr').count()).toBe(12);
      await page.locator('#compared-plots').scrollIntoViewIfNeeded();
      await page.locator('#compared-plots svg.chart').first().waitFor();
      await editor.screenshot('14-compared');
    });

    it('asks for a file within a budget, and sees the search begin', async () => {
      await editor.command('Espalier: Optimize Model…');
      await editor.quickInputTitle().filter({ hasText: 'Optimize digits (1/4)' }).waitFor();
      await editor.pick('As in digits.espalier.json');
      await editor.page.locator('.quick-input-widget .monaco-list-row', { hasText: /Quick look.*about \d/ }).waitFor({ timeout: 60_000 });
      await editor.screenshot('14-extents');
      await editor.pick('Within a budget');
      await editor.answer('Budget: largest compressed size in kB', '10');
      await editor.answer('Budget: most RAM in kB', '');
      await editor.answer('Budget: most accuracy that may be lost', '3');
      await editor.answer('Budget: minutes of training', '10');
      const page = editor.webview();
      // The trained model is measured, its layers are, and the candidates join the tree.
      await page.locator('.node').nth(1).waitFor({ timeout: 200_000 });
      await page.locator('#trade-off').scrollIntoViewIfNeeded();
      await page.locator('#trade-off .plot-legend', { hasText: 'budget' }).waitFor();
      await editor.screenshot('14-budget');
      await page.locator('h1').scrollIntoViewIfNeeded();
      await page.locator('vscode-button', { hasText: 'Cancel' }).click();
      await page.locator('.notice', { hasText: 'Cancelled' }).waitFor();
    });

    it('finds out which layer hurts', async () => {
      await editor.command('Espalier: Show Which Layers Hurt');
      await editor.quickInputTitle().filter({ hasText: 'Layers of digits' }).waitFor();
      await editor.pick('As in digits.espalier.json');
      const page = editor.webview();
      await page.locator('h1', { hasText: 'Which layer hurts' }).waitFor({ timeout: 120_000 });
      const rows = page.locator('#sensitivity tbody tr');
      expect(await rows.count()).toBeGreaterThan(1);
      await page.locator('#sensitivity th', { hasText: '90% zeros' }).locator('button').click();
      const heats = await page
        .locator('#sensitivity tbody td:nth-child(8)')
        .evaluateAll((cells) => cells.map((cell) => Number.parseFloat(cell.style.getPropertyValue('--heat'))));
      expect(heats).toEqual(heats.toSorted((a, b) => b - a));
      await rows.first().locator('.link').click();
      expect(await page.locator('#sensitivity-layer tbody tr').count()).toBe(5);
      await editor.screenshot('14-sensitivity');
    });

    it('is told why a run failed, and where to mend it', async () => {
      const recipe = path.join(editor.folder, 'espalier-example', 'diverges.espalier.json');
      const training = { steps: 60, learningRate: 1e30 };
      writeFileSync(
        recipe,
        JSON.stringify({ model: 'digits/model.json', data: 'digits.data.json', training, nodes: ['pruned/ptq'] }, undefined, 2),
      );
      await editor.openFile(recipe);
      await editor.command('Espalier: Run Recipe');
      const page = editor.webview();
      await page.locator('#failures .cause', { hasText: 'Pruned model' }).waitFor({ timeout: 100_000 });
      await page.locator('#failures vscode-button', { hasText: 'Run Failed Nodes Again' }).waitFor();
      await editor.screenshot('14-failed');
      await page.locator('#failures vscode-button', { hasText: 'Show in Recipe' }).click();
      await editor.page.locator('.tab.active', { hasText: 'diverges.espalier.json' }).waitFor();
    });

    it('sees a tree of 36 nodes with its root, no two of them called alike', async () => {
      const recipe = path.join(editor.folder, 'variants', 'variants.espalier.json');
      mkdirSync(path.dirname(recipe));
      const events = exampleRun({ tree: treeOf36, models: ['model'], runId: '20260102-030405-36' }).map((event) =>
        event.type === 'run-started' ? { ...event, recipe } : event,
      );
      await writeRunFolder(path.join(path.dirname(recipe), '.espalier', 'runs', '20260102-030405-36'), events);
      writeFileSync(recipe, '{ "model": "model.h5", "data": { "format": "generated", "set": "digits" } }');
      await editor.openFile(recipe);
      await editor.sidebarRow('variants.espalier.json').waitFor();
      await editor.command('Espalier: Open Results');
      const page = editor.webview();
      await page.locator('h1', { hasText: 'variants' }).waitFor({ timeout: 60_000 });
      await page.locator('.node').nth(35).waitFor({ state: 'attached' });
      const names = await page.locator('.node .title').allTextContents();
      expect(new Set(names).size).toBe(names.length);
      await page.locator('[data-node="baseline"]').waitFor();
      await editor.screenshot('14-36-nodes');
    });

    it('without a folder is offered to open one, or the example', async () => {
      await editor.closeFolder();
      await editor.openSidebarIfHidden();
      const welcome = editor.page.locator('.sidebar', { hasText: 'Open a folder with a trained model' }).first();
      await welcome.waitFor({ timeout: 60_000 });
      for (const name of ['Open Folder', 'Create Example Project']) await welcome.getByRole('button', { name }).first().waitFor();
      await editor.screenshot('15-no-folder');
    });

    it('reads Chinese', async () => {
      await editor.reopen('zh-cn');
      await editor.openSidebarIfHidden();
      // A node opens the results that it is of.
      await editor.sidebarRow('剪枝').click();
      const page = editor.webview();
      await page.locator('h2', { hasText: '部署树' }).waitFor({ timeout: 60_000 });
      await page.locator('h1').scrollIntoViewIfNeeded();
      await editor.screenshot('16-chinese');
    });
  });
}
