/** A search from a budget, from the wizard to the saved file: it trains for minutes, so that `npm test` leaves it out. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Editor } from './editor.ts';

const budgetKilobytes = 10;
const trainingMinutes = 3;
/** The training, and what is measured before, between and after. */
const patience = 20 * 60_000;

describe.skipIf(process.env['ESPALIER_JOURNEY'] === 'short')('a search within a budget', () => {
  let editor: Editor;
  beforeAll(async () => {
    editor = await Editor.open();
    await editor.command('Espalier: Create Example Project');
    await editor.page.locator('.tab', { hasText: 'digits.espalier.json' }).first().waitFor({ timeout: 300_000 });
  }, 400_000);
  afterAll(() => editor?.close());

  it('begins with six questions, and candidates join the tree', { timeout: patience }, async () => {
    await editor.command('Espalier: Optimize Model…');
    await editor.quickInputTitle().filter({ hasText: 'Optimize digits (1/4)' }).waitFor();
    await editor.pick('As in digits.espalier.json');
    await editor.pick('Within a budget');
    await editor.answer('Budget: largest compressed size in kB', String(budgetKilobytes));
    await editor.answer('Budget: most RAM in kB', '');
    await editor.answer('Budget: most accuracy that may be lost', '3');
    await editor.answer('Budget: minutes of training', String(trainingMinutes));
    const page = editor.webview();
    await page.locator('.node').nth(1).waitFor({ timeout: 400_000 });
    await editor.screenshot('budget-01-begun');
  });

  it('shows the front as it grows, with the budget as a line', { timeout: patience }, async () => {
    const page = editor.webview();
    await page.locator('.node.done.leaf').first().waitFor({ timeout: patience });
    await page.locator('#trade-off').scrollIntoViewIfNeeded();
    await page.locator('#trade-off .plot-legend', { hasText: 'budget' }).waitFor();
    await page.locator('#trade-off .star, #trade-off [data-key]').first().waitFor();
    await editor.screenshot('budget-02-front');
  });

  it('ends with a file that keeps the budget, which is saved with one button', { timeout: patience }, async () => {
    const page = editor.webview();
    await page.locator('.summary', { hasText: 'Done' }).waitFor({ timeout: patience });
    await page.locator('h1').scrollIntoViewIfNeeded();
    await page.locator('.node.recommended[aria-selected=true]').waitFor();
    await editor.screenshot('budget-03-done');
    await page.locator('#trade-off').scrollIntoViewIfNeeded();
    await editor.screenshot('budget-04-front-at-the-end');
    await page.locator('#headline vscode-button', { hasText: 'Save .tflite as…' }).click();
    const name = editor.page.locator('.quick-input-widget input[type=text]').first();
    await expect.poll(() => name.inputValue()).toMatch(/-int8\.tflite$/);
    const saved = await name.inputValue();
    await editor.screenshot('budget-05-save');
    await editor.page.keyboard.press('Enter');
    await expect.poll(() => existsSync(saved) && statSync(saved).size > 0).toBe(true);
    const bytes = readFileSync(saved);
    expect(gzipSync(bytes, { level: 9 }).length).toBeLessThanOrEqual(budgetKilobytes * 1000);
    // The run has the file of the budget as well, with a recipe that makes it again.
    const runs = path.join(editor.folder, 'espalier-example', '.espalier', 'runs');
    const kept = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes('recommended'));
    const files = kept.filter((file) => file.endsWith('.tflite'));
    expect(files).toHaveLength(1);
    expect(files.every((file) => readFileSync(path.join(runs, file)).equals(bytes))).toBe(true);
    expect(kept.some((file) => file.endsWith('.espalier.json'))).toBe(true);
  });
});
