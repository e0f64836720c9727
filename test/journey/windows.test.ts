/** Windows that are not a trusted folder that can be written, and messages in their corners. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../src/core/models/digits-cnn.ts';
import { Editor } from './editor.ts';

/** A model and a recipe that runs for seconds. */
function writeProject(folder: string, name: string): string {
  const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
  mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, name, 'model.json'), json);
  writeFileSync(path.join(folder, name, 'weights.bin'), weights);
  const recipe = {
    model: `${name}/model.json`,
    data: { format: 'generated', set: 'digits', trainSize: 64, testSize: 20 },
    training: { steps: 5, batchSize: 4 },
    nodes: ['ptq'],
    measure: { latency: false },
    engine: { threads: 1, processes: 1 },
  };
  writeFileSync(path.join(folder, `${name}.espalier.json`), JSON.stringify(recipe, undefined, 2));
  return folder;
}

/** Each takes a whole editor of its own: `npm test` leaves them to `npm run test:journey`. */
const isShort = process.env['ESPALIER_JOURNEY'] === 'short';

const store = (folder: string): string => path.join(folder, '.espalier');

describe.skipIf(isShort)('a window', () => {
  let editor: Editor | undefined;
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await editor?.screenshot(`window-${task.name.slice(0, 30)}`);
    await editor?.close();
    editor = undefined;
  });

  it('in Restricted Mode shows models and recipes, runs nothing, and says why with the way to trust', async () => {
    editor = await Editor.open({ asksForTrust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } }, (folder) => ({
      folder: writeProject(folder, 'digits'),
    }));
    const { page, folder } = editor;
    await editor.openSidebar();
    await editor.sidebarRow('digits.espalier.json').waitFor({ timeout: 60_000 });
    // The recipe is open, with its CodeLens, and checked as text.
    await editor.sidebarRow('digits.espalier.json').dblclick();
    await page.locator('.codelens-decoration a', { hasText: 'Run' }).first().click();
    const toast = editor.toast('need a trusted workspace');
    await toast.waitFor({ timeout: 60_000 });
    expect(existsSync(store(folder))).toBe(false);
    await editor.screenshot('window-restricted');
    await toast.getByRole('button', { name: 'Manage Workspace Trust' }).click();
    await page.locator('.workspace-trust-editor').first().waitFor();
    await page
      .locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ })
      .first()
      .click();
    await editor.command('Espalier: Run Recipe');
    await editor.webview().locator('.summary', { hasText: 'Done' }).first().waitFor({ timeout: 200_000 });
    expect(readdirSync(path.join(store(folder), 'runs'))).toHaveLength(1);
  });

  it('with two folders lists the models of both, and a run is kept beside its recipe', async () => {
    editor = await Editor.open({}, (folder) => {
      for (const name of ['first', 'second']) writeProject(path.join(folder, name), name);
      const workspace = path.join(folder, 'both.code-workspace');
      writeFileSync(workspace, JSON.stringify({ folders: [{ path: 'first' }, { path: 'second' }] }));
      return { workspace };
    });
    await editor.openSidebar();
    for (const name of ['first.espalier.json', 'second.espalier.json']) await editor.sidebarRow(name).waitFor({ timeout: 60_000 });
    await editor.command('Espalier: Run Recipe');
    await editor.pick('second');
    await editor.webview().locator('.summary', { hasText: 'Done' }).first().waitFor({ timeout: 200_000 });
    expect(existsSync(store(path.join(editor.folder, 'second')))).toBe(true);
    expect(existsSync(store(path.join(editor.folder, 'first')))).toBe(false);
    await editor.screenshot('window-two-folders');
  });

  it('whose folder cannot be written says so, and what to do', async () => {
    let mounted = '';
    try {
      editor = await Editor.open({}, (folder) => {
        writeProject(path.join(folder, 'project'), 'digits');
        mounted = path.join(folder, 'project');
        // Root may write where permissions say no.
        const commands = [
          ['--bind', mounted, mounted],
          ['-o', 'remount,ro,bind', mounted],
        ];
        const isReadOnly = commands.every((args) => spawnSync('mount', args).status === 0);
        if (!isReadOnly) spawnSync('chmod', ['a-w', mounted]);
        return { folder: mounted };
      });
      await editor.openSidebar();
      await editor.sidebarRow('digits.espalier.json').waitFor({ timeout: 60_000 });
      await editor.command('Espalier: Run Recipe');
      await editor
        .webview()
        .locator('.notice', { hasText: /the file system is read-only|no permission to write/ })
        .first()
        .waitFor({ timeout: 120_000 });
      await editor.screenshot('window-read-only');
      expect(existsSync(store(mounted))).toBe(false);
    } finally {
      spawnSync('umount', ['-l', mounted]);
      spawnSync('chmod', ['u+w', mounted]);
    }
  });

  it('says in its corner that the optimizer was killed, with a button that goes on', async () => {
    editor = await Editor.open({}, (folder) => {
      writeProject(folder, 'digits');
      const file = path.join(folder, 'digits.espalier.json');
      writeFileSync(
        file,
        JSON.stringify({
          model: 'digits/model.json',
          data: { format: 'generated', set: 'digits', trainSize: 64, testSize: 20 },
          training: { steps: 400, batchSize: 4 },
          techniques: { pruning: { sparsity: 0.5 } },
          nodes: ['pruned'],
          measure: { latency: false },
          engine: { threads: 1, processes: 1 },
        }),
      );
      return { folder };
    });
    await editor.openSidebar();
    await editor.sidebarRow('digits.espalier.json').waitFor({ timeout: 60_000 });
    await editor.command('Espalier: Run Recipe');
    await editor.webview().locator('.node.done').first().waitFor({ timeout: 200_000 });
    expect(editor.killOptimizer()).toBeGreaterThan(0);
    const toast = editor.toast(/killed/);
    await toast.waitFor({ timeout: 60_000 });
    await editor.screenshot('window-toast');
    await toast.getByRole('button', { name: 'Resume' }).click();
    await editor.webview().locator('.summary', { hasText: 'Done' }).first().waitFor({ timeout: 200_000 });
  });
});
