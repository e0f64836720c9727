/** The editor as a user handles it. */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { openWindow, startServer } from '../support/vscode-window.mjs';
import type { Server, ServerOptions, WindowOptions } from '../support/vscode-window.mjs';

const screenshots = fileURLToPath(new URL('../../test-results/journey', import.meta.url));

export type WindowPlace = Pick<WindowOptions, 'folder' | 'workspace'>;

export class Editor {
  readonly server: Server;
  folder: string;
  #place: WindowPlace;
  #browser: Browser;
  #page: Page;

  private constructor(server: Server, folder: string, place: WindowPlace, browser: Browser, page: Page) {
    this.server = server;
    this.folder = folder;
    this.#place = place;
    this.#browser = browser;
    this.#page = page;
  }

  /**
   * A window of a VS Code that has the packaged extension.
   *
   * @param prepare fills the new folder, and says what the window opens: without it the folder
   */
  static async open(
    options: Pick<ServerOptions, 'asksForTrust' | 'settings'> = {},
    prepare: (folder: string) => WindowPlace = (folder) => ({ folder }),
  ): Promise<Editor> {
    const vsix = process.env['ESPALIER_VSIX'];
    if (vsix === undefined) throw new Error('start the journeys with scripts/test-journey.mjs');
    const server = await startServer({ vsix, ...options, settings: { 'workbench.colorTheme': 'Dark Modern', ...options.settings } });
    const folder = await emptyFolder();
    const place = prepare(folder);
    const { browser, page, url } = await openWindow({ port: server.port, ...place });
    const editor = new Editor(server, folder, place, browser, page);
    await page.goto(url);
    await editor.#ready();
    return editor;
  }

  get page(): Page {
    return this.#page;
  }

  /** The same folder in a new window, perhaps of a user with another language. */
  async reopen(language?: string): Promise<void> {
    await this.#browser.close();
    const opened = await openWindow({ port: this.server.port, ...this.#place, ...(language === undefined ? {} : { language }) });
    this.#browser = opened.browser;
    this.#page = opened.page;
    await this.#page.goto(opened.url);
    await this.#ready();
  }

  /** Another empty folder in the same window; the one before is removed. */
  async openEmptyFolder(): Promise<void> {
    const before = this.folder;
    this.folder = await emptyFolder();
    this.#place = { folder: this.folder };
    const url = new URL(this.#page.url());
    url.searchParams.set('folder', this.folder);
    await this.#page.goto(url.href);
    await this.#ready();
    await rm(path.dirname(before), removal);
  }

  /** The same window without any folder. */
  async closeFolder(): Promise<void> {
    const url = new URL(this.#page.url());
    url.searchParams.delete('folder');
    url.searchParams.set('ew', 'true');
    await this.#page.goto(url.href);
    await this.#ready();
  }

  /** As the system does it when memory runs out: the extension's child processes are gone at once. */
  killOptimizer(): number {
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const workers = processes.filter((name) => {
      const command = commandLine(name);
      return command.includes(this.server.dataFolder) && command.includes('worker.cjs');
    });
    for (const name of workers) process.kill(Number(name), 'SIGKILL');
    return workers.length;
  }

  async reload(): Promise<void> {
    await this.#page.reload();
    await this.#ready();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
    await rm(path.dirname(this.folder), removal);
  }

  /**
   * Through the palette, by the words that the user sees. Right after a window opens, folders and trust may not be known yet; an
   * open palette does not gain the commands that need them, so it is opened again.
   */
  async command(title: string): Promise<void> {
    for (let more = 3; ; more--) {
      const input = this.#page.locator('.quick-input-widget input[type=text]').first();
      const label = this.#page.locator('.quick-input-widget .monaco-list-row .label-name', {
        hasText: new RegExp(`^${escapePattern(title)}$`),
      });
      try {
        await this.#page.keyboard.press('F1');
        await input.fill(`>${title}`, { timeout: 10_000 });
        await label.first().click({ timeout: 10_000 });
        return;
      } catch (error) {
        if (more === 0) throw error;
        await this.#page.keyboard.press('Escape');
      }
    }
  }

  /** An entry of the quick pick that is open. */
  async pick(text: string): Promise<void> {
    await this.#page.locator('.quick-input-widget .monaco-list-row', { hasText: text }).first().click();
  }

  /** Answers the input box that asks this; the boxes of two steps are one and the same to the browser. */
  async answer(question: string, text: string): Promise<void> {
    await this.#page.locator('.quick-input-widget', { hasText: question }).waitFor();
    await this.#page.locator('.quick-input-widget input[type=text]').first().fill(text);
    await this.#page.keyboard.press('Enter');
  }

  /** The title of the quick input that is open, with the number of the step. */
  quickInputTitle(): ReturnType<Page['locator']> {
    return this.#page.locator('.quick-input-widget .quick-input-title');
  }

  /** To the question before the one that is shown. */
  async goBack(): Promise<void> {
    await this.#page.locator('.quick-input-widget').getByRole('button', { name: /^Back/ }).click();
  }

  /** What the user chose before, or what is first in the list. */
  activeItem(): ReturnType<Page['locator']> {
    return this.#page.locator('.quick-input-widget .monaco-list-row.focused');
  }

  async openSidebar(): Promise<void> {
    await this.#page.locator('.activitybar a[aria-label="Espalier"]').first().click();
  }

  async openSidebarIfHidden(): Promise<void> {
    if (
      !(await this.#page
        .locator('.sidebar .pane-header', { hasText: /Models|模型/ })
        .first()
        .isVisible())
    )
      await this.openSidebar();
  }

  sidebarRow(text: string): ReturnType<Page['locator']> {
    return this.#page.locator('.sidebar .monaco-list-row', { hasText: text }).first();
  }

  /** A message in the corner of the window. */
  toast(text: string | RegExp): ReturnType<Page['locator']> {
    return this.#page.locator('.notification-toast', { hasText: text }).first();
  }

  /** The page of the webview that is in front. */
  webview(): FrameLocator {
    return this.#page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  /** As from Go to File. By its whole path, because the list of names does not have a new file at once. */
  async openFile(file: string): Promise<void> {
    const name = path.basename(file);
    await this.#page.keyboard.press('Control+P');
    await this.#page.locator('.quick-input-widget input[type=text]').first().fill(file);
    await this.#page.locator('.quick-input-widget .monaco-list-row', { hasText: name }).first().click();
    await this.#page.locator('.tab', { hasText: name }).first().waitFor();
  }

  /** A notification that is shown now. */
  notification(text: string | RegExp): ReturnType<Page['locator']> {
    return this.#page.locator('.notification-toast', { hasText: text }).first();
  }

  async clearNotifications(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  /** By the name that the list of themes shows; `kind` is the class that the editor gives to the pages of webviews. */
  async theme(name: string, kind: string): Promise<void> {
    await this.command('Preferences: Color Theme');
    // The list takes the theme in use for its start a moment after it is there.
    await this.#page.locator('.quick-input-widget .monaco-list-row', { hasText: 'Dark Modern' }).waitFor();
    await this.#page.locator('.quick-input-widget input[type=text]').first().fill(name);
    await this.#page.locator('.quick-input-widget .monaco-list-row.focused', { hasText: name }).waitFor();
    await this.#page.keyboard.press('Enter');
    await this.webview().locator(`body.${kind}`).waitFor();
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(screenshots, { recursive: true });
    await this.#page.screenshot({ path: path.join(screenshots, `${name}.png`) });
  }

  async #ready(): Promise<void> {
    await this.#page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await this.#page.locator('.activitybar a[aria-label="Espalier"]').first().waitFor({ timeout: 60_000 });
  }
}

const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 200 };

/** In a folder of its own, with the name that the window shows. */
async function emptyFolder(): Promise<string> {
  const folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'espalier-journey-')), 'my-models');
  await mkdir(folder);
  return folder;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** Empty for a process that has ended meanwhile. */
function commandLine(processName: string): string {
  try {
    return readFileSync(`/proc/${processName}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
