/**
 * Drives the editor as a user does and takes the pictures of the README: the panel of a finished run, and a run as an animation.
 * With the argument `slurm` that of a run on a cluster instead, which needs root and Debian's slurm-wlm.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PNG } from 'pngjs';
import { Editor } from '../../test/journey/editor.ts';
import { animatedGif } from './animation.ts';
import type { Frame } from './animation.ts';
import { takeSlurmPicture } from './slurm-picture.ts';

const folder = path.join('docs', 'pictures');
const size = { width: 1360, height: 850 };
const bestLeaf = '[data-node="pruned/clustered/pcqat"]';
const isOver = /Done|Finished/;

/** Milliseconds, but for the number of frames, which a reader can follow in ten seconds. */
const film = { mostFrames: 45, firstInterval: 700, shownFor: 220, endShownFor: 4_000, longest: 1_800_000 };

async function main(): Promise<void> {
  if (process.argv.includes('slurm')) {
    await takeSlurmPicture(folder);
    return;
  }
  mkdirSync(folder, { recursive: true });
  const editor = await Editor.open();
  try {
    await editor.page.setViewportSize(size);
    await prepare(editor);
    await editor.command('Espalier: Run Recipe');
    await editor.webview().locator('.node.running').first().waitFor({ timeout: 60_000 });
    save('run.gif', animatedGif(await filmRun(editor)));
    save('panel-dark.png', await pictureOf(editor));
    await editor.theme('Light Modern', 'vscode-light');
    save('panel-light.png', await pictureOf(editor));
    await editor.reopen('zh-cn');
    await editor.page.setViewportSize(size);
    await editor.openSidebarIfHidden();
    await editor.sidebarRow('剪枝模型').click();
    await editor.webview().locator('h2', { hasText: '部署树' }).waitFor({ timeout: 60_000 });
    save('panel-zh-cn.png', await pictureOf(editor));
  } finally {
    await editor.close();
  }
}

async function prepare(editor: Editor): Promise<void> {
  await editor.openSidebar();
  await editor.command('Espalier: Create Example Project');
  await editor.page.locator('.tab', { hasText: 'digits.espalier.json' }).first().waitFor({ timeout: 200_000 });
  await editor.sidebarRow('digits.espalier.json').waitFor();
}

/** Frames at even intervals until the run is over, and one of its best leaf. However long it takes, they are as many. */
async function filmRun(editor: Editor): Promise<readonly Frame[]> {
  let frames: Frame[] = [];
  let interval = film.firstInterval;
  const page = editor.webview();
  const end = Date.now() + film.longest;
  while (!isOver.test(await page.locator('.summary').first().innerText())) {
    if (Date.now() > end) throw new Error('the run did not end in time');
    frames.push(frameOf(await editor.page.screenshot(), film.shownFor));
    if (frames.length > film.mostFrames) {
      frames = frames.filter((_, index) => index % 2 === 0);
      interval *= 2;
    }
    await wait(interval);
  }
  await page.locator(bestLeaf).click();
  await wait(1_000);
  return [...frames, frameOf(await editor.page.screenshot(), film.endShownFor)];
}

function frameOf(png: Buffer, milliseconds: number): Frame {
  const { width, height, data } = PNG.sync.read(png);
  return { width, height, rgba: data, milliseconds };
}

async function pictureOf(editor: Editor): Promise<Buffer> {
  await editor.webview().locator(bestLeaf).click();
  await editor.webview().locator('h1').scrollIntoViewIfNeeded();
  await wait(1_000);
  return editor.page.screenshot();
}

function save(name: string, bytes: Uint8Array): void {
  writeFileSync(path.join(folder, name), bytes);
  console.log(`${path.join(folder, name)}: ${(bytes.length / 1e3).toFixed(0)} kB`);
}

await main();
