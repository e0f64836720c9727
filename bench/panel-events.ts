/**
 * Frames a second of the result panel while 10,000 events of a run over the whole deployment tree arrive as the
 * extension host sends them, in batches of 33 ms, and the time that the page takes to show a finished run of as many
 * events at once. The page is the built one, in Chromium without a graphics card.
 *
 * `npm run bench -- panel-events [events a second]`; needs `npm run build` before, and ESPALIER_CHROMIUM or Chromium.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import type { RunEvent } from '../src/shared/events.ts';
import { exampleRun } from '../test/support/example-run.ts';
import { frameTimes, openPanelPage, prepareEvents } from './panel/panel-page.ts';

const batchMilliseconds = 33;
/** Of each of the tree's seven fine-tuned nodes: with the others a little more than 10,000 events. */
const steps = 1_425;

export async function run([rate = '2000']: readonly string[]): Promise<void> {
  const built = fileURLToPath(new URL('webview', import.meta.url));
  const page = { script: readFileSync(path.join(built, 'main.js'), 'utf8'), style: readFileSync(path.join(built, 'main.css'), 'utf8') };
  const events = exampleRun({ steps });
  const browser = await chromium.launch({
    executablePath: process.env['ESPALIER_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Chromium ${browser.version()}`);
    for (const part of ['tree', 'results', 'curves']) {
      // The tree is there from the first event on; what is measured is what follows it.
      const live = await openPanelPage(browser, page, events.slice(0, 1));
      await live.locator('.node').first().waitFor();
      report(
        `${events.length} events at ${rate} a second, looking at the ${part}`,
        await streamEvents(live, events.slice(1), Number(rate), part),
      );
      await live.close();
    }
    const begun = performance.now();
    const restored = await openPanelPage(browser, page, events);
    await restored.locator('.node.done').nth(11).waitFor();
    console.log(`${events.length} events at once: shown after ${(performance.now() - begun).toFixed(0)} ms, the page's start included`);
  } finally {
    await browser.close();
  }
}

async function streamEvents(page: Page, events: readonly RunEvent[], rate: number, part: string): Promise<readonly number[]> {
  const size = Math.max(1, Math.round((rate * batchMilliseconds) / 1000));
  const batches = Array.from({ length: Math.ceil(events.length / size) }, (_, index) => events.slice(index * size, (index + 1) * size));
  const send = await prepareEvents(page, batches, batchMilliseconds);
  await page.locator(`#${part}`).evaluate((element) => element.scrollIntoView());
  const measured = frameTimes(page);
  await send();
  await page.locator('.node.done').nth(11).waitFor();
  return measured();
}

/** @param times between one frame and the next, in milliseconds */
function report(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  const slow = sorted.filter((time) => time > 1000 / 30).length;
  console.log(
    `${what}: ${times.length} frames, ${(1000 / at(0.5)).toFixed(1)} frames a second in the median, ` +
      `${(1000 / at(0.95)).toFixed(1)} at the 95th percentile, worst frame ${at(1).toFixed(1)} ms; ${slow} of ${times.length} frames below 30 a second; ` +
      `slowest second ${slowestSecond(times)} frames`,
  );
}

/** The fewest frames within any one second. */
function slowestSecond(times: readonly number[]): number {
  let fewest = Infinity;
  for (let first = 0; first < times.length; first++) {
    let total = 0;
    let count = 0;
    while (first + count < times.length && total + (times[first + count] ?? 0) <= 1000) total += times[first + count++] ?? 0;
    if (first + count < times.length) fewest = Math.min(fewest, count);
  }
  return fewest;
}
