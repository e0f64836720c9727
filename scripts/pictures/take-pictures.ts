/**
 * Drives the editor as a user does and takes the pictures of the README: the panel of a finished run, and a run as an animation.
 * With the argument `slurm` that of a run on a cluster instead, which needs root and Debian's slurm-wlm.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PNG } from 'pngjs';
import { Editor } from '../../test/journey/editor.ts';
import { animatedGif } from './animation.ts';
import type { Frame } from './animation.ts';
import { takeSlurmPicture } from './slurm-picture.ts';

const folder = path.join('docs', 'pictures');
const size = { width: 1360, height: 1110 };
const recommended = '.node.recommended';
const isOver = /Done|Finished/;

/** Milliseconds, but for the number of frames, which a reader can follow in ten seconds. */
const film = { mostFrames: 45, firstInterval: 700, shownFor: 220, endShownFor: 4_000, longest: 1_800_000 };

async function main(): Promise<void> {
  if (process.argv.includes('slurm')) {
    await takeSlurmPicture(folder);
    return;
  }
  mkdirSync(folder, { recursive: true });
  console.log(`A newcomer's way on ${os.cpus()[0]?.model ?? 'unknown processor'}, ${os.cpus().length} cores, in seconds:`);
  const editor = await timed('installing the .vsix and opening the window', () => Editor.open());
  try {
    await editor.page.setViewportSize(size);
    await timed('creating the example project', () => prepare(editor));
    const frames = await timed('running its recipe', async () => {
      await editor.command('Espalier: Run Recipe');
      await editor.webview().locator('.node.running').first().waitFor({ timeout: 60_000 });
      // The whole tree is in the picture.
      await editor.command('View: Toggle Primary Side Bar Visibility');
      return filmRun(editor);
    });
    await timed('saving the recommended file', () => saveFile(editor));
    save('run.gif', animatedGif(frames));
    save('panel-dark.png', await pictureOf(editor));
    await editor.theme('Light Modern', 'vscode-light');
    save('panel-light.png', await pictureOf(editor));
    await editor.reopen('zh-cn');
    await editor.page.setViewportSize(size);
    await editor.openSidebarIfHidden();
    await editor.sidebarRow('剪枝').click();
    await editor.webview().locator('h2', { hasText: '部署树' }).waitFor({ timeout: 60_000 });
    await editor.command('View: Toggle Primary Side Bar Visibility');
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

/** Says how long a part of the way takes. */
async function timed<Result>(part: string, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const result = await work();
  console.log(`  ${part}: ${((performance.now() - began) / 1000).toFixed(1)}`);
  return result;
}

/** By the button of the panel, where the dialog proposes. */
async function saveFile(editor: Editor): Promise<void> {
  await editor.webview().locator('#headline vscode-button', { hasText: 'Save .tflite as…' }).click();
  const name = editor.page.locator('.quick-input-widget input[type=text]').first();
  while (!(await name.inputValue()).endsWith('.tflite')) await wait(50);
  const file = await name.inputValue();
  await editor.page.keyboard.press('Enter');
  while (!existsSync(file)) await wait(50);
}

/** Frames at even intervals until the run is over, and one of its recommended file. However long it takes, they are as many. */
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
  await page.locator(recommended).click();
  await wait(1_000);
  return [...frames, frameOf(await editor.page.screenshot(), film.endShownFor)];
}

function frameOf(png: Buffer, milliseconds: number): Frame {
  const { width, height, data } = PNG.sync.read(png);
  return { width, height, rgba: data, milliseconds };
}

async function pictureOf(editor: Editor): Promise<Buffer> {
  await editor.webview().locator(recommended).click();
  await editor.webview().locator('h1').scrollIntoViewIfNeeded();
  await wait(1_000);
  return editor.page.screenshot();
}

function save(name: string, bytes: Uint8Array): void {
  writeFileSync(path.join(folder, name), bytes);
  console.log(`${path.join(folder, name)}: ${(bytes.length / 1e3).toFixed(0)} kB`);
}

await main();
