/** The built page of the result panel in a browser: what users see and do there, without an editor around it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planTree } from '../../src/core/tree/deployment-tree.ts';
import type { PanelStatus } from '../../src/shared/panel-protocol.ts';
import { exampleCause, exampleRun } from '../support/example-run.ts';
import {
  builtPages,
  launchBrowser,
  openPanelPage,
  screenshotFile,
  sendToPage,
  sentRequests,
  themeNames,
  violations,
} from '../support/panel-page.ts';
import type { PanelOptions } from '../support/panel-page.ts';

const ended: PanelStatus = { activity: 'ended', notice: undefined, runFolder: '/example' };

/** Two ways to prune, each clustered in two ways: 36 nodes. */
const largeTree = planTree({
  pruning: [{ sparsity: 0.5 }, { name: '75', sparsity: 0.75 }],
  sparsityPreservingClustering: [{}, { name: '8', clusters: 8 }, { name: '32', clusters: 32 }],
  clustering: [{}, { name: '8', clusters: 8 }, { name: '32', clusters: 32 }],
}).root;
const events = exampleRun();

let browser: Browser;
let page: Page;

async function open(shown = events, options: PanelOptions = {}): Promise<void> {
  page = await openPanelPage(browser, builtPages, shown, options);
  await page.locator('#model:not([aria-busy])').waitFor();
}

async function screenshot(name: string): Promise<void> {
  await page.screenshot({ path: screenshotFile(name), fullPage: true });
}

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());
afterEach(() => page?.close());

describe('a run that has ended', () => {
  it('shows the recommended file, which is chosen and starred in the tree and the table', async () => {
    await open(events, { contents: { status: ended, targets: {} } });
    const recommended = page.locator('.node.recommended');
    expect(await recommended.count()).toBe(1);
    const node = await recommended.getAttribute('data-node');
    expect(await recommended.getAttribute('aria-selected')).toBe('true');
    expect(await recommended.locator('.star').isVisible()).toBe(true);
    expect(await page.locator('#results tr.recommended.chosen').count()).toBe(1);
    expect(await page.locator('#headline').textContent()).toContain('Recommended file');
    // The way to it, root and file included.
    expect(await page.locator('.node.on-path').count()).toBe((node?.split('/').length ?? 0) + 1);
    await screenshot('ended');
  });

  it('chooses the recommended file when it ends, whatever was looked at', async () => {
    const last = events.length - 1;
    await open(events.slice(0, last));
    await page.locator('[data-node="qat"]').click();
    await page.locator('[data-node="qat"][aria-selected=true]').waitFor();
    await sendToPage(page, 'appended', { events: events.slice(last) });
    await page.locator('.node.recommended[aria-selected=true]').waitFor();
  });

  it('confirms a copied path on its button', async () => {
    await open(events, { contents: { status: ended } });
    await page.locator('#headline vscode-button', { hasText: 'Copy Path' }).click();
    await page.locator('#headline vscode-button', { hasText: '✓ Copied' }).waitFor();
    expect(await sentRequests(page)).toContainEqual(expect.objectContaining({ command: 'copy-tflite-path', model: 'mnist' }));
  });
});

describe('a run in progress', () => {
  const running = events.slice(0, events.findIndex((event) => event.type === 'node-progress' && event.node === 'pruned') + 4);

  it('says how far it is, what runs and how fast, and how long it takes', async () => {
    await open(running);
    expect(await page.locator('.clock').textContent()).toMatch(/^\d of 12 nodes done · \d+ s so far · about \d+ s left$/);
    expect(await page.locator('.running-now li').allTextContents()).toEqual([
      expect.stringMatching(/^Pruned model: training \d+%, step \d of 8, 12,000 examples a second$/),
    ]);
    expect(await page.locator('.node.running .announcement').textContent()).toMatch(/^Pruned model, .*training \d+%/);
    await screenshot('running');
  });

  it('names what follows the training, and never stands at 100%', async () => {
    await open(running);
    const about = { type: 'node-progress', model: 'mnist', node: 'pruned', training: undefined } as const;
    const at = running.length;
    const time = running.at(-1)?.time ?? 0;
    for (const [index, phase] of (['measuring', 'latency', 'certifying'] as const).entries()) {
      await sendToPage(page, 'appended', {
        events: [{ ...about, phase, fraction: phase === 'measuring' ? 1 : 0, sequence: at + index, time }],
      });
      const words = { measuring: 'measuring the .tflite', latency: 'measuring latency', certifying: 'certifying' }[phase];
      await page.locator('.running-now li', { hasText: `Pruned model: ${words}` }).waitFor();
      expect(await page.locator('.node.running').textContent()).not.toContain('100%');
    }
  });

  it('says of what was cancelled that it was not run', async () => {
    const time = running.at(-1)?.time ?? 0;
    const cancelled = { type: 'run-finished', outcome: 'cancelled', reason: 'cancelled', sequence: running.length, time } as const;
    await open([...running, cancelled], { contents: { status: { ...ended, activity: 'interrupted' } } });
    expect(await page.locator('.summary').textContent()).toContain('Cancelled');
    expect(await page.locator('.node.waiting, .node.running').count()).toBe(0);
    expect(await page.locator('.node.not-run').first().textContent()).toContain('not run');
    await screenshot('cancelled');
  });
});

describe('a failing run', () => {
  const failing = exampleRun({ failing: ['pruned', 'qat'] });

  it('has the cause at its top, with its remedy and ways to the recipe and to run it again', async () => {
    await open(failing, { contents: { status: ended } });
    const cause = page.locator('#failures .cause');
    expect(await cause.allTextContents()).toEqual([
      `✗ QAT model failed: ${exampleCause.what}`,
      `✗ Pruned model failed: ${exampleCause.what}`,
    ]);
    const colour = await cause.first().evaluate((element) => getComputedStyle(element).color);
    expect(colour).not.toBe(await page.evaluate(() => getComputedStyle(document.body).color));
    expect(await page.locator('#failures').textContent()).toContain(`To fix it: ${exampleCause.fix}`);
    // Ids of nodes are for files.
    expect(await page.locator('header, #failures, #log').allTextContents()).not.toContainEqual(expect.stringMatching(/baseline"|pruned\//));
    await page.locator('#failures vscode-button', { hasText: 'Show in Recipe' }).nth(1).click();
    await page.locator('#failures vscode-button', { hasText: 'Run Failed Nodes Again' }).click();
    const sent = await sentRequests(page);
    expect(sent).toContainEqual(expect.objectContaining({ command: 'show-in-recipe', model: 'mnist', node: 'pruned' }));
    expect(sent).toContainEqual(expect.objectContaining({ command: 'run-failed-again' }));
    expect(await page.locator('[data-node="pruned"]').getAttribute('title')).toContain(exampleCause.what);
    await page.locator('#failures .link').nth(1).click();
    expect(await page.locator('#remarks .banner.error').textContent()).toContain(exampleCause.what);
    await screenshot('failed');
  });

  it('has warnings that change what figures mean as banners on their node', async () => {
    const warned = events.map((event) =>
      event.type === 'node-finished' && event.node === 'baseline'
        ? { ...event, metrics: { ...event.metrics, warnings: ['the baseline scores 10.0%, near chance for 10 classes'] } }
        : event,
    );
    await open(warned, { contents: { status: ended } });
    expect(await page.locator('.node .caution:visible').count()).toBe(1);
    await page.locator('[data-node="baseline"]').click();
    expect(await page.locator('#remarks .banner.warning').textContent()).toBe(
      'Trained model: the baseline scores 10.0%, near chance for 10 classes',
    );
  });
});

describe('the tree', () => {
  it('has its root in view and its leaves in one column, with 36 nodes of which no two are called alike', async () => {
    const large = exampleRun({ tree: largeTree, steps: 2 });
    await open(large, { contents: { status: ended }, width: 1600, height: 1000 });
    const nodes = page.locator('.node');
    expect(await nodes.count()).toBe(36);
    await page.locator('#tree').evaluate((element) => element.scrollIntoView());
    const rootBox = await page.locator('[data-node="baseline"]').boundingBox();
    expect(rootBox?.y).toBeLessThan(1000 - 64);
    const lefts = await page
      .locator('.node.leaf')
      .evaluateAll((leaves) => leaves.map((leaf) => Math.round(leaf.getBoundingClientRect().left)));
    expect(new Set(lefts).size).toBe(1);
    const titles = await page.locator('#results tbody th').allTextContents();
    expect(new Set(titles).size).toBe(36);
    expect(await page.locator('[data-node="pruned-75/clustered-8/pcqat"] .title').textContent()).toBe('PCQAT · 75% · 8');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    await screenshot('36-nodes');
    await page.keyboard.press('Tab');
    await page.locator('[role=treeitem][tabindex="0"]').focus();
    await page.keyboard.press('f');
    const [last, drawing] = await Promise.all([page.locator('.node').last().boundingBox(), page.locator('.drawing').boundingBox()]);
    expect((last?.y ?? 0) + (last?.height ?? 0)).toBeLessThanOrEqual((drawing?.y ?? 0) + (drawing?.height ?? 0));
    await screenshot('36-nodes-whole');
  });

  it.each([400, 690])('is an indented list at %i pixels, all of it in sight', async (width) => {
    await open(events, { contents: { status: ended }, width, height: 900 });
    const boxes = await page.locator('.node').evaluateAll((nodes) =>
      nodes.map((node) => {
        const { left, right, top } = node.getBoundingClientRect();
        return { left, right, top };
      }),
    );
    for (const [index, box] of boxes.entries()) {
      expect(box.left).toBeGreaterThanOrEqual(0);
      expect(box.right).toBeLessThanOrEqual(width);
      if (index > 0) expect(box.top).toBeGreaterThan(boxes[index - 1]?.top ?? Infinity);
    }
    expect(await page.locator('.edges').isVisible()).toBe(false);
    await screenshot(`list-${width}`);
  });

  it('is walked, collapsed and scaled by keys alone', async () => {
    await open(events, { contents: { status: ended } });
    await page.locator('[role=treeitem][tabindex="0"]').focus();
    const selected = () => page.locator('[role=treeitem][aria-selected=true]').getAttribute('data-node');
    await page.keyboard.press('Home');
    await expect.poll(selected).toBe('baseline');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    await expect.poll(selected).toBe('pruned');
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('[data-node="pruned"]').getAttribute('aria-expanded')).toBe('false');
    expect(await page.locator('.node').count()).toBe(7);
    expect(await page.locator('[data-node="pruned"] .toggle').textContent()).toBe('+5');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.node').count()).toBe(12);
    await page.keyboard.press('ArrowRight');
    await expect.poll(selected).toBe('pruned/ptq');
    const width = async () => (await page.locator('[data-node="baseline"]').boundingBox())?.width ?? 0;
    const before = await width();
    await page.keyboard.press('+');
    expect(await width()).toBeCloseTo(before * 1.2, 0);
    await page.keyboard.press('0');
    expect(await width()).toBeCloseTo(before, 0);
    // Every control can be reached: the tools of the tree by Tab.
    await page.keyboard.press('Shift+Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Expand all');
  });

  it('has the colours of the guide where they are asked for', async () => {
    await open(events, { contents: { status: ended }, treeLook: 'guide' });
    const style = (id: string, name: 'borderTopStyle' | 'backgroundColor') =>
      page.locator(`[data-node="${id}"]`).evaluate((node, property) => getComputedStyle(node)[property], name);
    expect(await style('pruned/pqat', 'borderTopStyle')).toBe('dashed');
    expect(await style('qat', 'borderTopStyle')).toBe('solid');
    expect(await style('qat', 'backgroundColor')).not.toBe(await style('ptq', 'backgroundColor'));
    await screenshot('guide');
  });
});

describe.each(themeNames)('in %s', (theme) => {
  const shown = [
    ['a finished run', events, ended],
    ['a run in progress', events.slice(0, 40), { ...ended, activity: 'running' }],
    ['a failing run', exampleRun({ failing: ['pruned'] }), ended],
  ] as const;
  // Themes differ in colours: what is the same in all of them is checked in one.
  const isFirst = theme === themeNames[0];
  it.each(isFirst ? shown : [shown[0], shown[2]])('%s gives a checker of accessibility nothing to find', async (name, list, status) => {
    await open(list, { theme, contents: { status } });
    expect(await violations(page)).toEqual([]);
    await screenshot(`${theme} ${name}`.toLowerCase().replaceAll(' ', '-'));
  });

  it.skipIf(!isFirst)('at 400 pixels gives it nothing to find', async () => {
    await open(events, { theme, contents: { status: ended }, width: 400 });
    expect(await violations(page)).toEqual([]);
    await screenshot(`${theme} 400`.toLowerCase().replaceAll(' ', '-'));
  });
});
