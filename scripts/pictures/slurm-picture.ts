/** The panel that follows a run on a Slurm cluster of this machine, in the real window: docs/pictures/slurm.png. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Editor } from '../../test/journey/editor.ts';
import { startSlurmCluster } from '../../test/slurm/cluster.mjs';
import { makeModel } from '../../test/slurm/make-model.ts';

/** The whole tree, and jobs with their reasons beside the names of nodes. */
const size = { width: 1420, height: 920 };
const sidebar = { edge: 348, widerBy: 60 };
/** Long enough for a picture, short enough to wait for. */
const recipe = {
  model: 'mnist.keras',
  data: { format: 'idx', folder: 'digits' },
  training: { steps: 2_000, batchSize: 32 },
  techniques: { pruning: { sparsity: 0.5 }, clustering: { clusters: 16 } },
  measure: { latency: false },
  engine: { threads: 1 },
  execution: { kind: 'slurm', memory: '1500M' },
};

export async function takeSlurmPicture(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const cluster = await startSlurmCluster({ nodes: 2 });
  Object.assign(process.env, cluster.environment);
  try {
    const editor = await Editor.open();
    try {
      makeModel(editor.folder);
      writeFileSync(path.join(editor.folder, 'mnist.espalier.json'), `${JSON.stringify(recipe, undefined, 2)}\n`);
      await editor.page.setViewportSize(size);
      await editor.openSidebar();
      await editor.sidebarRow('mnist.espalier.json').waitFor({ timeout: 60_000 });
      await editor.page.mouse.move(sidebar.edge, size.height / 2);
      await editor.page.mouse.down();
      await editor.page.mouse.move(sidebar.edge + sidebar.widerBy, size.height / 2, { steps: 5 });
      await editor.page.mouse.up();
      await editor.command('Espalier: Run Recipe');
      const page = editor.webview();
      await page
        .locator('.node.running', { hasText: / on n\d/ })
        .nth(1)
        .waitFor({ timeout: 300_000 });
      await page
        .locator('.node.waiting', { hasText: /job \d+_\d+: / })
        .first()
        .waitFor({ timeout: 300_000 });
      // Its text changes with each step, so there is no moment at which it stands still for a pointer.
      await page.locator('.node.running').first().dispatchEvent('click');
      await wait(3_000);
      const file = path.join(folder, 'slurm.png');
      writeFileSync(file, await editor.page.screenshot());
      console.log(file);
    } catch (error) {
      await editor.screenshot('slurm-failed');
      throw error;
    } finally {
      await editor.close();
    }
  } finally {
    await cluster.stop();
  }
}
