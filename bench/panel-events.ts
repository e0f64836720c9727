/**
 * Frames a second of the result panel while 10,000 events of a run over a tree of 40 nodes arrive as the
 * extension host sends them, in batches of 33 ms, and the time that the page takes to show a finished run of as many
 * events at once. The page is the built one, in Chromium without a graphics card.
 *
 * `npm run bench -- panel-events [events a second] [tree|results|curves]`; needs `npm run build` before, and ESPALIER_CHROMIUM or Chromium.
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { RunEvent } from '../src/shared/events.ts';
import { planTree } from '../src/core/tree/deployment-tree.ts';
import { flattenTree } from '../src/shared/tree.ts';
import { type FrameShares, type FrameTrace, readFrameTrace, traceCategories } from './frame-trace.ts';
import { exampleRun } from '../test/support/example-run.ts';
import { framesMark, frameTimes, launchBrowser, openPanelPage, prepareEvents } from '../test/support/panel-page.ts';

const batchMilliseconds = 33;
const settlingMilliseconds = 1_000;
/** Three ways to prune, each clustered in two ways, three ways to cluster, two of QAT: 40 nodes. */
const tree = planTree({
  pruning: [{}, { name: '75', sparsity: 0.75 }, { name: '90', sparsity: 0.9 }],
  sparsityPreservingClustering: [{}, { name: '8', clusters: 8 }],
  clustering: [{}, { name: '8', clusters: 8 }, { name: '32', clusters: 32 }],
  qat: [{}, { name: 'long' }],
}).root;
/** Of each node that trains: with the others a little more than 10,000 events. */
const trained = flattenTree(tree).filter(({ node }) => node.fineTuned).length;
const steps = Math.ceil(10_000 / trained);
/** No frame and no task of the page's main thread may take more, in milliseconds: a click is then answered in time. */
const longest = 50;
const nodes = flattenTree(tree).length;

export async function run([rate = '2000', ...parts]: readonly string[]): Promise<void> {
  const built = fileURLToPath(new URL('webview', import.meta.url));
  const events = exampleRun({ steps, tree });
  const browser = await launchBrowser();
  try {
    console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Chromium ${browser.version()}`);
    for (const part of parts.length > 0 ? parts : ['tree', 'results', 'curves']) {
      // The tree is there from the first event on; what is measured is what follows it.
      const live = await openPanelPage(browser, built, events.slice(0, 1));
      await live.locator('#model:not([aria-busy])').waitFor();
      report(
        `${events.length} events at ${rate} a second, looking at the ${part}`,
        await streamEvents(browser, live, events.slice(1), Number(rate), part),
      );
      await live.close();
    }
    await browser.startTracing(undefined, { categories: [...traceCategories] });
    const begun = performance.now();
    const restored = await openPanelPage(browser, built, events);
    await restored
      .locator('.node.done')
      .nth(nodes - 1)
      .waitFor();
    const shown = performance.now() - begun;
    const { tasks } = readFrameTrace(await browser.stopTracing(), framesMark);
    console.log(
      `${events.length} events at once: shown after ${shown.toFixed(0)} ms, the page's start included; ` +
        `longest tasks ${tasks
          .toSorted((a, b) => b - a)
          .slice(0, 5)
          .map((task) => task.toFixed(1))
          .join(', ')} ms of the processor`,
    );
  } finally {
    await browser.close();
  }
}

interface Measured {
  /** From one frame to the next, in milliseconds. */
  readonly times: readonly number[];
  readonly trace: FrameTrace;
}

async function streamEvents(browser: Browser, page: Page, events: readonly RunEvent[], rate: number, part: string): Promise<Measured> {
  const size = Math.max(1, Math.round((rate * batchMilliseconds) / 1000));
  const batches = Array.from({ length: Math.ceil(events.length / size) }, (_, index) => events.slice(index * size, (index + 1) * size));
  const send = await prepareEvents(page, batches, batchMilliseconds);
  await page.locator(`#${part}`).evaluate((element) => element.scrollIntoView());
  await browser.startTracing(page, { categories: [...traceCategories] });
  // What the start of the trace and the scrolling take is no part of it.
  await page.waitForTimeout(settlingMilliseconds);
  const measured = frameTimes(page);
  await send();
  await page
    .locator('.node.done')
    .nth(nodes - 1)
    .waitFor();
  const times = await measured();
  return { times, trace: readFrameTrace(await browser.stopTracing(), framesMark) };
}

function report(what: string, { times, trace }: Measured): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  const slow = sorted.filter((time) => time > 1000 / 30).length;
  console.log(
    `${what}: ${times.length} frames, ${(1000 / at(0.5)).toFixed(1)} frames a second in the median, ` +
      `${(1000 / at(0.95)).toFixed(1)} at the 95th percentile, worst frame ${at(1).toFixed(1)} ms; ${slow} of ${times.length} frames below 30 a second; ` +
      `slowest second ${slowestSecond(times)} frames; longest task ${Math.max(...trace.tasks).toFixed(1)} ms of the processor, ` +
      `${trace.tasks.filter((task) => task > longest).length} of ${trace.tasks.length} above ${longest} ms`,
  );
  const frames: (FrameShares & { readonly time: number })[] = [];
  let end = 0;
  for (const time of times) {
    end += time;
    frames.push({ time, ...trace.between(end - time, end) });
  }
  // Of a frame that takes longer than both, the rest is waiting for a processor that other programs use.
  const describe = (page: number, drawing: number): string =>
    `${page.toFixed(1)} ms of the processor in the page's tasks, ${drawing.toFixed(1)} in the browser's drawing`;
  const most = describe(Math.max(...frames.map(({ page }) => page)), Math.max(...frames.map(({ drawing }) => drawing)));
  console.log(
    `  of any one frame at most ${most}; both together ${Math.max(...frames.map(({ page, drawing }) => page + drawing)).toFixed(1)}`,
  );
  for (const { time, page, drawing } of frames)
    if (Math.round(time) > longest) console.log(`  a frame of ${time.toFixed(1)} ms: ${describe(page, drawing)}`);
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
