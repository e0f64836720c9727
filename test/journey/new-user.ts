import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { AxeResults } from 'axe-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { mobileNetV2 } from '../../src/core/models/mobilenet-v2.ts';
import { prepareForDeployment } from '../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../src/core/tflite/write-tflite.ts';
import type { Editor } from './editor.ts';

const axeScript = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** By the names that the list of themes shows, with the class that the editor gives to its pages. */
const themes = [
  { theme: 'Light Modern', kind: 'vscode-light' },
  { theme: 'Dark High Contrast', kind: 'vscode-high-contrast' },
  { theme: 'Light High Contrast', kind: 'vscode-high-contrast-light' },
  { theme: 'Dark Modern', kind: 'vscode-dark' },
] as const;

/** @param opened an editor, whose folder is replaced by an empty one */
export function newUser(opened: () => Editor): void {
  describe('a new user', () => {
    let editor: Editor;

    beforeAll(async () => {
      editor = opened();
      await editor.openEmptyFolder();
    });

    it('is welcomed where there is no model, and creates the example project', async () => {
      await editor.openSidebarIfHidden();
      await editor.page.locator('.sidebar', { hasText: 'There is no model in this folder' }).first().waitFor();
      await editor.screenshot('01-welcome');
      await editor.command('Espalier: Create Example Project');
      await editor.page.locator('.tab', { hasText: 'digits.espalier.json' }).first().waitFor({ timeout: 200_000 });
      await editor.sidebarRow('digits.espalier.json').waitFor();
      await editor.screenshot('02-example');
      // With two epochs a run may be over before a loaded machine shows its panel, and nothing is left to cancel.
      const recipe = path.join(editor.folder, 'espalier-example/digits.espalier.json');
      writeFileSync(recipe, readFileSync(recipe, 'utf8').replace(/"epochs": \d+/, '"epochs": 8'));
    });

    it('runs the recipe and watches the tree fill', async () => {
      await editor.command('Espalier: Run Recipe');
      const page = editor.webview();
      await page.locator('.node.running').first().waitFor({ timeout: 60_000 });
      await page.locator('.node.done').nth(1).waitFor({ timeout: 200_000 });
      await editor.screenshot('03-running');
    });

    it('cancels, and what is done stays', async () => {
      const page = editor.webview();
      const done = await page.locator('.node.done').count();
      await page.locator('vscode-button', { hasText: 'Cancel' }).click();
      await page.locator('.notice', { hasText: 'Cancelled' }).waitFor();
      expect(await page.locator('.node.done').count()).toBeGreaterThanOrEqual(done);
      await editor.screenshot('04-cancelled');
    });

    it('is told when the optimizer is killed, and loses nothing that was done', async () => {
      const page = editor.webview();
      const done = await page.locator('.node.done').count();
      await page.locator('vscode-button', { hasText: 'Resume' }).click();
      await page.locator('.node.running').first().waitFor({ timeout: 60_000 });
      expect(editor.killOptimizer()).toBeGreaterThan(0);
      await page.locator('.notice', { hasText: 'resume to go on' }).waitFor();
      await editor.notification('resume to go on').getByRole('button', { name: 'Resume' }).waitFor();
      expect(await page.locator('.node.done').count()).toBeGreaterThanOrEqual(done);
      expect(await page.locator('.node.running').count()).toBe(0);
      await editor.screenshot('04-killed');
      await editor.clearNotifications();
    });

    it('resumes, reloads the window in the middle, and resumes again to the end', async () => {
      await editor.webview().locator('vscode-button', { hasText: 'Resume' }).click();
      await editor.webview().locator('.node.running').first().waitFor({ timeout: 60_000 });
      const done = await editor.webview().locator('.node.done').count();
      await editor.reload();
      const page = editor.webview();
      await page.locator('.summary', { hasText: 'Interrupted' }).waitFor({ timeout: 60_000 });
      expect(await page.locator('.node.done').count()).toBeGreaterThanOrEqual(done);
      await editor.screenshot('05-reloaded');
      await page.locator('vscode-button', { hasText: 'Resume' }).click();
      await page.locator('.summary', { hasText: /Done|Finished/ }).waitFor({ timeout: 230_000 });
      expect(await page.locator('.node.done').count()).toBe(12);
      expect(await page.locator('#results tbody tr').count()).toBe(12);
      await editor.screenshot('06-done');
    });

    it('looks at a leaf: densities along its path, its layers, its certificate', async () => {
      const page = editor.webview();
      await page.locator('[data-node="pruned/clustered/pcqat"]').click();
      await expect.poll(() => page.locator('#density figure').count()).toBe(4);
      await page.locator('#density').scrollIntoViewIfNeeded();
      await editor.screenshot('07-density');
      expect(await page.locator('#layers tbody tr').count()).toBeGreaterThan(2);
      await page.locator('#trade-off').scrollIntoViewIfNeeded();
      await page.locator('#trade-off svg').first().waitFor();
      await editor.screenshot('08-trade-off');
      await page.locator('#layers').scrollIntoViewIfNeeded();
      await editor.screenshot('09-layers');
    });

    it('sees which test examples the file gets wrong that the trained model gets right', async () => {
      const page = editor.webview();
      // Half of the weights and all but 16 values are gone, and so are some answers.
      await page.locator('[data-node="pruned/ptq"]').click();
      await page.locator('#flips vscode-button').click();
      await page
        .locator('#flips')
        .getByText(/of 1,000 test examples|gets no test example wrong/)
        .waitFor();
      await page.locator('#flips').scrollIntoViewIfNeeded();
      const pictures = await page.locator('#flips img').count();
      const widths = await page.locator('#flips img').evaluateAll((images) => images.map((image) => Reflect.get(image, 'naturalWidth')));
      expect(widths).toEqual(Array.from({ length: pictures }, () => 28));
      await editor.screenshot('09-wrong-here');
    });

    it('saves the recommended file where they want it', async () => {
      const page = editor.webview();
      await page.locator('#headline vscode-button', { hasText: 'Save .tflite as…' }).click();
      // The editor's own dialog for files: a name is proposed that says what was done.
      const name = editor.page.locator('.quick-input-widget input[type=text]').first();
      await expect.poll(() => name.inputValue()).toMatch(/espalier-example\/digits(-pruned)?(-clustered)?-int8\.tflite$/);
      const saved = await name.inputValue();
      await editor.screenshot('10-save');
      await editor.page.keyboard.press('Enter');
      await expect.poll(() => existsSync(saved)).toBe(true);
      const runs = path.join(editor.folder, 'espalier-example', '.espalier');
      const made = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('model.tflite'));
      expect(made.some((file) => readFileSync(path.join(runs, file)).equals(readFileSync(saved)))).toBe(true);
    });

    it('has all of the panel in sight in 400 pixels', async () => {
      const size = editor.page.viewportSize() ?? { width: 1400, height: 900 };
      await editor.page.keyboard.press('Control+B');
      await editor.page.setViewportSize({ width: 400, height: 900 });
      const page = editor.webview();
      await page.locator('#tree .list').first().waitFor();
      await expect
        .poll(() =>
          page.locator('body').evaluate((body) => document.documentElement.scrollWidth - body.ownerDocument.documentElement.clientWidth),
        )
        .toBeLessThanOrEqual(0);
      await page.locator('h1').scrollIntoViewIfNeeded();
      await editor.screenshot('10-400-pixels');
      await editor.page.setViewportSize(size);
      await editor.page.keyboard.press('Control+B');
      await expect.poll(() => page.locator('#tree .list').count()).toBe(0);
    });

    it('walks the tree and sorts the table by keyboard', async () => {
      const page = editor.webview();
      await page.locator('[role=treeitem][tabindex="0"]').focus();
      await editor.page.keyboard.press('Home');
      await editor.page.keyboard.press('ArrowRight');
      await editor.page.keyboard.press('ArrowDown');
      await expect.poll(() => page.locator('[role=treeitem][aria-selected=true]').getAttribute('aria-level')).toBe('3');
      const heading = page.locator('#results th', { hasText: 'Compressed' });
      await heading.locator('button').focus();
      await editor.page.keyboard.press('Enter');
      await expect.poll(() => heading.getAttribute('aria-sort')).toBe('ascending');
      const column = 1 + (await heading.evaluate((cell) => [...(cell.parentElement?.children ?? [])].indexOf(cell)));
      const sizes = await page.locator(`#results tbody tr td:nth-child(${column})`).allTextContents();
      const bytes = sizes.map((text) => Number.parseFloat(text));
      expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
      await page.locator('#results').scrollIntoViewIfNeeded();
      await editor.screenshot('10-sorted');
    });

    it('copies the table as Markdown', async () => {
      await editor.webview().locator('vscode-button', { hasText: 'Copy as Markdown' }).click();
      await expect
        .poll(() => editor.page.evaluate(() => navigator.clipboard.readText()))
        .toMatch(/^\| Model \| fp32 \/ fake-int8 top-1 \| INT8 top-1 \|/);
      const lines = (await editor.page.evaluate(() => navigator.clipboard.readText())).trim().split('\n');
      expect(lines).toHaveLength(14);
    });

    it.each(themes)('finds no serious obstacle with a screen reader in $theme', async ({ theme, kind }) => {
      await editor.theme(theme, kind);
      const page = editor.webview();
      // The page's own policy forbids foreign scripts; the browser's driver may run them.
      const frame = await (await page.locator('body').elementHandle())?.ownerFrame();
      await frame?.evaluate(axeScript);
      const results = (await frame?.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
      const serious = results.violations.filter((violation) => violation.impact === 'serious' || violation.impact === 'critical');
      expect(
        serious.map(
          (violation) =>
            `${violation.id}: ${violation.nodes
              .map((node) => node.html)
              .slice(0, 3)
              .join(' ')}`,
        ),
      ).toEqual([]);
      await page.locator('h1').scrollIntoViewIfNeeded();
      await editor.screenshot(`11-${theme.toLowerCase().replaceAll(' ', '-')}`);
    });

    it('opens the .tflite of a leaf from the panel', async () => {
      const page = editor.webview();
      await page.locator('[data-node="pruned/pqat"]').click();
      await page.locator('vscode-button', { hasText: 'Open .tflite' }).click();
      await editor.page.locator('.tab', { hasText: '.tflite' }).first().waitFor();
      await editor.webview().locator('.histograms svg').first().waitFor();
      expect(await editor.webview().locator('body').textContent()).toMatch(/full integer/);
      await editor.screenshot('12-tflite');
    });

    it('opens a file of 64 operations as a graph', async () => {
      const network = prepareForDeployment(mobileNetV2({ inputSize: 32, classes: 10, alpha: 0.35, seed: 1 }));
      const file = path.join(editor.folder, 'mobilenet.tflite');
      writeFileSync(file, writeTflite({ kind: 'float', network }));
      await editor.openFile(file);
      const page = editor.webview();
      await page.getByText('64 operations').waitFor();
      await page.locator('.graph canvas').focus();
      await editor.page.keyboard.press('Home');
      await editor.page.keyboard.press('ArrowDown');
      await page.locator('.graph-details', { hasText: 'CONV_2D · 1 × 16 × 16 × 16' }).waitFor();
      await editor.screenshot('12-graph');
    });

    it('finds the results in the sidebar and in the recipe', async () => {
      await editor.openSidebarIfHidden();
      await editor.sidebarRow('Pruned').waitFor();
      await editor.sidebarRow('digits.espalier.json').click();
      await editor.page.locator('.codelens-decoration', { hasText: 'points' }).first().waitFor();
      await editor.screenshot('13-recipe');
    });

    it('optimizes a model of their own, step by step', async () => {
      await editor.command('Espalier: Optimize Model…');
      await editor.quickInputTitle().filter({ hasText: 'Optimize digits (1/4)' }).waitFor();
      await editor.pick('As in digits.espalier.json');
      await editor.pick('Quick look');
      await editor.answer('Most accuracy that may be lost', '2');
      await editor.quickInputTitle().filter({ hasText: '(4/4)' }).waitFor();
      await editor.screenshot('14-step');
      // Back to the extent, which is still chosen, and forth again: the accuracy stands as it was typed.
      await editor.goBack();
      await editor.quickInputTitle().filter({ hasText: '(3/4)' }).waitFor();
      await editor.goBack();
      await editor.quickInputTitle().filter({ hasText: '(2/4)' }).waitFor();
      await editor.activeItem().filter({ hasText: 'Quick look' }).waitFor();
      await editor.page.keyboard.press('Enter');
      await editor.quickInputTitle().filter({ hasText: '(3/4)' }).waitFor();
      expect(await editor.page.locator('.quick-input-widget input[type=text]').first().inputValue()).toBe('2');
      await editor.page.keyboard.press('Enter');
      await editor.answer('Largest compressed size', '');
      const page = editor.webview();
      await page
        .locator('h1', { hasText: 'digits-2' })
        .or(page.locator('h1', { hasText: 'digits' }))
        .first()
        .waitFor({ timeout: 60_000 });
      // How a run goes on from here has been seen before.
      await page.locator('.node.done').nth(2).waitFor({ timeout: 200_000 });
      await page.locator('vscode-button', { hasText: 'Cancel' }).click();
      await page.locator('.notice', { hasText: 'Cancelled' }).waitFor();
      await editor.screenshot('14-own');
      expect(
        readdirSync(path.join(editor.folder, 'espalier-example'), { recursive: true }).filter((file) =>
          String(file).endsWith('.espalier.json'),
        ).length,
      ).toBe(2);
      const written = readFileSync(path.join(editor.folder, 'espalier-example', 'digits-2.espalier.json'), 'utf8');
      expect(written).toMatch(/"accuracyDrop": 0\.02\b/);
      expect(written).toMatch(/"epochs": 1\b/);
    });
  });
}
