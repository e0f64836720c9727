/** The result panel's built page in a browser, with a stand-in for the extension host that answers as it does. */
import type { Browser, Page } from 'playwright-core';
import type { RunEvent } from '../../src/shared/events.ts';
import type { PanelContents } from '../../src/shared/panel-protocol.ts';

export interface BuiltPage {
  readonly script: string;
  readonly style: string;
}

export async function openPanelPage(browser: Browser, { script, style }: BuiltPage, events: readonly RunEvent[]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const contents: PanelContents = {
    title: 'example',
    events,
    status: { activity: 'running', notice: undefined, runFolder: '/example' },
    targets: { accuracyDrop: 0.01, compressedBytes: 12_000 },
  };
  await page.setContent('<!DOCTYPE html><html lang="en"><head></head><body class="vscode-dark"></body></html>');
  await page.addStyleTag({ content: `:root { ${themeVariables} } ${style}` });
  await page.evaluate(
    ([answer, data]) => {
      document.body.dataset['page'] = data;
      Object.assign(globalThis, {
        acquireVsCodeApi: () => ({
          getState: () => undefined,
          setState: () => undefined,
          postMessage: ({ id, method }: { readonly id: number; readonly method: string }) =>
            window.postMessage({ kind: 'reply', id, outcome: { ok: method === 'ready' ? JSON.parse(answer) : null } }, '*'),
        }),
      });
    },
    [JSON.stringify(contents), JSON.stringify({ recipe: 'example', strings: {} })] as const,
  );
  await page.addScriptTag({ content: script });
  return page;
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

/** Measures from now on; the function that it returns ends that and gives the milliseconds from frame to frame. */
export function frameTimes(page: Page): () => Promise<readonly number[]> {
  const started = page.evaluate(() => {
    const times: number[] = [];
    let last = performance.now();
    const frame = (now: number): void => {
      times.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(globalThis, { measuredFrames: times });
  });
  return async () => {
    await started;
    return page.evaluate((): readonly number[] => Reflect.get(globalThis, 'measuredFrames'));
  };
}

const themeVariables = `
  --vscode-editor-background: #1f1f1f; --vscode-editor-foreground: #cccccc; --vscode-font-family: sans-serif; --vscode-font-size: 13px;
  --vscode-descriptionForeground: #9d9d9d; --vscode-charts-blue: #3794ff; --vscode-charts-green: #89d185; --vscode-charts-yellow: #cca700;
  --vscode-charts-purple: #b180d7; --vscode-charts-red: #f14c4c; --vscode-editorWidget-background: #202020; --vscode-panel-border: #2b2b2b;
  --vscode-textLink-foreground: #4daafc; --vscode-progressBar-background: #0078d4;`;
