/** The result panel's built page in a browser, with a stand-in for the extension host that answers as it does. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { RunEvent } from '../../src/shared/events.ts';
import type { NegativeFlips, NotRecorded } from '../../src/shared/negative-flips.ts';
import type { PanelContents, PanelStatus } from '../../src/shared/panel-protocol.ts';
import type { TreeLook } from '../../webview/page-data.ts';
import themes from './panel-themes.json' with { type: 'json' };

export type ThemeName = keyof typeof themes;

export const themeNames: readonly ThemeName[] = ['Dark Modern', 'Light Modern', 'Dark High Contrast', 'Light High Contrast'];

export interface PanelOptions {
  readonly contents?: Partial<PanelContents>;
  readonly width?: number;
  readonly height?: number;
  readonly theme?: ThemeName;
  readonly treeLook?: TreeLook;
  /** What the host answers when the page asks for them. */
  readonly flips?: NegativeFlips | NotRecorded;
  /** Translations by their English text. */
  readonly strings?: Readonly<Record<string, string>>;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['ESPALIER_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
}

/** @param builtFolder with `main.js` and `main.css`, as `scripts/build.mjs webview` makes them */
export async function openPanelPage(
  browser: Browser,
  builtFolder: string,
  events: readonly RunEvent[],
  { contents: changed, width = 1400, height = 900, theme = 'Dark Modern', treeLook = 'status', strings = {}, flips }: PanelOptions = {},
): Promise<Page> {
  const read = (file: string): string => readFileSync(path.join(builtFolder, file), 'utf8');
  const page = await browser.newPage({ viewport: { width, height } });
  page.setDefaultTimeout(15_000);
  const status: PanelStatus = { activity: 'running', notice: undefined, runFolder: '/example' };
  const contents: PanelContents = {
    title: 'example',
    events,
    status,
    targets: { accuracyDrop: 0.01, compressedBytes: 12_000 },
    ...changed,
  };
  const { class: kind, variables } = themes[theme];
  const declarations = Object.entries(variables).map(([name, value]) => `${name}: ${value};`);
  await page.setContent(`<!DOCTYPE html><html lang="en"><head><title>example</title></head><body class="${kind}"></body></html>`);
  await page.addStyleTag({ content: `:root { ${declarations.join(' ')} } body { margin: 0; } ${read('main.css')}` });
  await page.evaluate(
    ([answers, data]) => {
      document.body.dataset['page'] = data;
      const sent: object[] = [];
      Object.assign(globalThis, {
        sentToHost: sent,
        acquireVsCodeApi: () => ({
          getState: () => undefined,
          setState: () => undefined,
          postMessage: ({ id, method, parameters }: { readonly id: number; readonly method: string; readonly parameters: object }) => {
            sent.push({ method, ...parameters });
            window.postMessage({ kind: 'reply', id, outcome: { ok: JSON.parse(answers)[method] ?? null } }, '*');
          },
        }),
      });
    },
    [JSON.stringify({ ready: contents, negativeFlips: flips }), JSON.stringify({ recipe: 'example', strings, treeLook })] as const,
  );
  await page.addScriptTag({ content: read('main.js') });
  // The toolkit of the controls takes the theme's colours when the page has loaded.
  await page.evaluate(() => window.dispatchEvent(new Event('load')));
  return page;
}

/** One of the other pages, with a host that gives these answers by the names of requests. */
export async function openHostedPage(
  browser: Browser,
  script: 'board' | 'sensitivity',
  answers: object,
  { theme = 'Dark Modern', width = 1300 }: { readonly theme?: ThemeName; readonly width?: number } = {},
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 1000 } });
  const { class: kind, variables } = themes[theme];
  const declarations = Object.entries(variables).map(([name, value]) => `${name}: ${value};`);
  await page.setContent(`<!DOCTYPE html><html lang="en"><head><title>${script}</title></head><body class="${kind}"></body></html>`);
  await page.addStyleTag({ content: `:root { ${declarations.join(' ')} } ${readFileSync(path.join(builtPages, 'main.css'), 'utf8')}` });
  await page.evaluate((data) => {
    const sent: object[] = [];
    document.body.dataset['page'] = JSON.stringify({ recipe: '', strings: {}, treeLook: 'status' });
    Object.assign(globalThis, {
      sentToHost: sent,
      acquireVsCodeApi: () => ({
        postMessage: (message: { readonly id: number; readonly method: string }) => {
          sent.push(message);
          const ok: unknown = Reflect.get(JSON.parse(data), message.method) ?? null;
          window.postMessage({ kind: 'reply', id: message.id, outcome: { ok } }, '*');
        },
      }),
    });
  }, JSON.stringify(answers));
  await page.addScriptTag({ content: readFileSync(path.join(builtPages, `${script}.js`), 'utf8') });
  await page.evaluate(() => window.dispatchEvent(new Event('load')));
  return page;
}

/** Requests that the page has sent to the host, in order. */
export function sentRequests(page: Page): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return page.evaluate((): readonly Readonly<Record<string, unknown>>[] => Reflect.get(globalThis, 'sentToHost'));
}

/** As the host sends what happens. */
export async function sendToPage(page: Page, name: 'appended' | 'status' | 'select', payload: object): Promise<void> {
  await page.evaluate(([event, sent]) => window.postMessage({ kind: 'event', name: event, payload: sent }, '*'), [name, payload] as const);
}

/** Brings the batches into the page, where nothing is done with them yet; the function that it returns sends them one after the other. */
export async function prepareEvents(
  page: Page,
  batches: readonly (readonly RunEvent[])[],
  milliseconds: number,
): Promise<() => Promise<void>> {
  await page.evaluate((sent) => {
    Object.assign(globalThis, { batches: sent });
  }, batches);
  return () =>
    page.evaluate(async (pause) => {
      const sent: readonly (readonly RunEvent[])[] = Reflect.get(globalThis, 'batches');
      for (const events of sent) {
        window.postMessage({ kind: 'event', name: 'appended', payload: { events } }, '*');
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }, milliseconds);
}

/** Of the page's timeline: when `frameTimes` began. */
export const framesMark = 'frames';

/** Measures from now on; the function that it returns ends that and gives the milliseconds from frame to frame. */
export function frameTimes(page: Page): () => Promise<readonly number[]> {
  const started = page.evaluate((mark) => {
    const times: number[] = [];
    let last = performance.mark(mark).startTime;
    const frame = (now: number): void => {
      times.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(globalThis, { measuredFrames: times });
  }, framesMark);
  return async () => {
    await started;
    return page.evaluate((): readonly number[] => Reflect.get(globalThis, 'measuredFrames'));
  };
}

/** Where the build leaves the pages of the panel, the viewer and the board. */
export const builtPages = fileURLToPath(new URL('../../dist/webview', import.meta.url));

const screenshots = fileURLToPath(new URL('../../test-results/panel', import.meta.url));

/** Path of the picture of this name; its folder is made. */
export function screenshotFile(name: string): string {
  mkdirSync(screenshots, { recursive: true });
  return path.join(screenshots, `${name}.png`);
}

/** What a checker of accessibility finds on the page, with the first elements of each finding. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const results = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
  return results.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ html }) => html)
        .slice(0, 3)
        .join(' ')}`,
  );
}
