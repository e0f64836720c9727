/** Tables, plots and the graph of the .tflite viewer in a browser. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../src/core/data/pictures/example-picture.ts';
import { networkGraph, type NetworkGraph } from '../../src/shared/graph/network-graph.ts';
import type { InspectedOperation } from '../../src/shared/inspection.ts';
import { exampleInspection } from '../support/example-inspection.ts';
import { exampleRun } from '../support/example-run.ts';
import {
  builtPages,
  launchBrowser,
  openHostedPage,
  openPanelPage,
  screenshotFile,
  sentRequests,
  themeNames,
  violations,
  type PanelOptions,
  type ThemeName,
} from '../support/panel-page.ts';
import themes from '../support/panel-themes.json' with { type: 'json' };

/** With the confusion of three classes, of which the last is taken for the first. */
const events = exampleRun().map((event) =>
  event.type === 'node-finished' && event.metrics.simulated !== undefined
    ? {
        ...event,
        metrics: {
          ...event.metrics,
          simulated: {
            ...event.metrics.simulated,
            confusion: [
              [9, 1, 0],
              [0, 10, 0],
              [3, 0, 7],
            ],
          },
          deployed: undefined,
        },
      }
    : event,
);

let browser: Browser;
let page: Page;

async function open(shown = exampleRun(), options: PanelOptions = {}): Promise<void> {
  page = await openPanelPage(browser, builtPages, shown, options);
  await page.locator('#model:not([aria-busy])').waitFor();
}

async function screenshot(part: string, name: string): Promise<void> {
  await page.locator(part).screenshot({ path: screenshotFile(name) });
}

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());
afterEach(() => page?.close());

describe('the table of results', () => {
  it('sorts the smallest first by one click, marks the best, and has columns to choose', async () => {
    await open();
    await page.locator('#results thead button', { hasText: 'Compressed' }).click();
    await page.locator('#results th[aria-sort="ascending"]', { hasText: 'Compressed' }).waitFor();
    const sizes = await page.locator('#results tbody tr td:nth-child(5)').allTextContents();
    const numbers = sizes.map((text) => Number.parseFloat(text)).filter((size) => !Number.isNaN(size));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(await page.locator('#results td.best').count()).toBeGreaterThan(2);
    const zstd = page.locator('#results thead button', { hasText: 'zstd' });
    expect(await zstd.count()).toBe(0);
    await page.locator('#results summary').click();
    await page.locator('#results vscode-checkbox', { hasText: 'zstd' }).click();
    await zstd.waitFor();
    await screenshot('#results', 'views-table');
    expect(await violations(page)).toEqual([]);
  });
});

describe('the layers', () => {
  it('are filtered, sorted, and lead to the density of a kernel', async () => {
    await open();
    await page.locator('#layers vscode-text-field input').fill('dens');
    await expect.poll(() => page.locator('#layers tbody').first().locator('tr').count()).toBe(1);
    await page.locator('#layers tbody .link', { hasText: 'dense' }).first().click();
    await expect.poll(() => page.locator('#density vscode-dropdown').evaluate((dropdown) => Reflect.get(dropdown, 'value'))).toBe('dense');
    await screenshot('#layers', 'views-layers');
  });

  it('come with the accuracy of each class and the confusion matrix', async () => {
    await open(events);
    const row = page.locator('#classes tbody').first().locator('tr').nth(2);
    expect(await row.locator('td').allTextContents()).toEqual(['10', '70.0% (+0.00)', '70.0%', '0 (3)']);
    expect(await page.locator('.matrix td.wrong').count()).toBe(6);
    await screenshot('#classes', 'views-classes');
    expect(await violations(page)).toEqual([]);
  });
});

describe('what a file gets wrong and the trained model right', () => {
  /** A grey square of one pixel. */
  const picture = `data:image/png;base64,${Buffer.from(encodePng({ height: 1, width: 1, channels: 1, data: Uint8Array.of(99) })).toString('base64')}`;

  it('is read when it is asked for, and then for every node that is looked at', async () => {
    const examples = Array.from({ length: 24 }, (_, index) => ({ index, label: index % 2, predicted: 2, picture }));
    const classNames = ['cat', 'dog', 'a very long name of a class'];
    await open(exampleRun(), { flips: { kind: 'found', total: 30, samples: 1000, examples, classNames, shows: 'image' } });
    await page.locator('[data-node="pruned/pqat"]').first().click();
    expect(await page.locator('#flips img').count()).toBe(0);
    await page.locator('#flips vscode-button').click();
    await expect.poll(() => page.locator('#flips img').count()).toBe(24);
    expect(await page.locator('#flips .flips-contents > p').innerText()).toBe(
      'QAT, pruned model: 30 of 1,000 test examples · 24 of them are shown',
    );
    expect(await page.locator('#flips figcaption').first().innerText()).toBe('true cat\npredicted a very long name of a class');
    await screenshot('#flips', 'views-flips');
    expect(await violations(page)).toEqual([]);
    await page.locator('[data-node="ptq"]').first().click();
    await page.locator('#flips p', { hasText: 'Quantized model: 30 of 1,000' }).waitFor();
    expect((await sentRequests(page)).filter(({ method }) => method === 'negativeFlips')).toMatchObject([
      { model: 'mnist', node: 'pruned/pqat' },
      { model: 'mnist', node: 'ptq' },
    ]);
    await page.locator('[data-node="baseline"]').first().click();
    await page.locator('#flips').waitFor({ state: 'hidden' });
  });

  it('is said to be unknown for results of earlier versions', async () => {
    await open(exampleRun(), { flips: { kind: 'not-recorded' } });
    await page.locator('[data-node="ptq"]').first().click();
    await page.locator('#flips vscode-button').click();
    await page.locator('#flips p', { hasText: 'Run the recipe again' }).waitFor();
  });
});

describe('the plots', () => {
  it('name the front, read out every series, and mark cut bars', async () => {
    await open();
    await page.locator('#trade-off').scrollIntoViewIfNeeded();
    await page.locator('#trade-off .point-name').first().waitFor();
    expect(await page.locator('#trade-off .star').count()).toBe(2);
    await page.locator('#curves').scrollIntoViewIfNeeded();
    const plot = page.locator('#curves .plot-drawing svg');
    await plot.waitFor();
    await plot.hover({ position: { x: 200, y: 150 } });
    expect(await page.locator('#curves .plot-readout p').count()).toBeGreaterThan(2);
    await page.locator('[data-node="pruned"]').first().click();
    await page.locator('#density').scrollIntoViewIfNeeded();
    await page.locator('#density .cut').first().waitFor();
    await screenshot('#density', 'views-density');
    await page.locator('#trade-off').scrollIntoViewIfNeeded();
    await screenshot('#trade-off', 'views-trade-off');
  });
});

describe('the graph of a file', () => {
  const operations = Array.from({ length: 60 }, (_, index): InspectedOperation => ({
    index,
    kind: index % 3 === 2 ? 'ADD' : 'CONV_2D',
    layer: `layer${index}`,
    inputs: index === 0 ? ['input', 'dense/kernel'] : index % 3 === 2 ? [`t${index - 1}`, `t${index - 2}`] : [`t${index - 1}`],
    outputs: [`t${index}`],
    outputShape: [1, 8, 8, 16],
    parameters: 0,
    details: '',
  }));

  async function openGraph(graph: NetworkGraph, isComparison = false, theme: ThemeName = 'Light Modern'): Promise<void> {
    page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    const { class: kind, variables } = themes[theme];
    const declarations = Object.entries(variables).map(([name, value]) => `${name}: ${value};`);
    await page.setContent(
      `<!DOCTYPE html><html lang="en"><head><title>graph</title></head><body class="${kind}"><main><h1>Graph</h1><div id="graph"></div></main></body></html>`,
    );
    await page.addStyleTag({
      content: `:root { ${declarations.join(' ')} } body { background: var(--vscode-editor-background); } ${readFileSync(path.resolve(import.meta.dirname, '../../media/inspection.css'), 'utf8')}`,
    });
    await page.evaluate(
      ([data, compared]) => {
        const frame = document.getElementById('graph');
        if (frame === null) return;
        frame.dataset['graph'] = data;
        if (compared) frame.dataset['comparison'] = '';
        document.body.dataset['page'] = JSON.stringify({ recipe: '', strings: {} });
      },
      [JSON.stringify(graph), isComparison] as const,
    );
    await page.addScriptTag({ content: readFileSync(path.join(builtPages, 'graph.js'), 'utf8') });
    // The toolkit of the controls takes the theme's colours when the page has loaded.
    await page.evaluate(() => window.dispatchEvent(new Event('load')));
    await page.locator('canvas').waitFor();
  }

  it.each(themeNames)('gives a checker of accessibility nothing to find in %s', async (theme) => {
    await openGraph(networkGraph({ ...exampleInspection('plain.tflite'), operations }), false, theme);
    await page.locator('canvas').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    expect(await violations(page)).toEqual([]);
    await screenshot('body', `views-graph-${theme.toLowerCase().replaceAll(' ', '-')}`);
  });

  it('of 60 operations is gone through by the keyboard alone, with what each has', async () => {
    await openGraph(networkGraph({ ...exampleInspection('pruned.tflite'), operations }));
    expect(await page.locator('canvas').getAttribute('data-nodes')).toBe('61');
    await page.locator('canvas').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.graph-details').textContent()).toContain('CONV_2D · 1 × 8 × 8 × 16 · layer0 · 50.0% zeros');
    await page.keyboard.press('End');
    expect(await page.locator('.graph-details').textContent()).toContain('layer59');
    await page.keyboard.press('0');
    await page.waitForTimeout(200);
    await screenshot('main', 'views-graph');
    expect(await violations(page)).toEqual([]);
  });

  it('of two files says what has changed', async () => {
    await openGraph(networkGraph(exampleInspection('plain.tflite'), exampleInspection('pruned.tflite')), true);
    await page.locator('canvas').focus();
    await page.keyboard.press('End');
    expect(await page.locator('.graph-details').textContent()).toMatch(/0\.0% → 50\.0% zeros · 8 → 4 unique values.*other weights$/);
    await screenshot('main', 'views-graph-difference');
    expect(await violations(page)).toEqual([]);
  });
});

describe('the board of runs', () => {
  it('compares two runs: recipes, trees, curves and densities', async () => {
    const best = { title: 'QAT model', accuracy: 0.98, accuracyText: '98.00%', size: 9_000, sizeText: '9.0 kB' };
    const runOf = (key: string, size: number) => ({
      key,
      name: key,
      outcome: 'done',
      startedAt: 1,
      seconds: 3,
      best: { ...best, size },
      note: '',
      isPinned: false,
    });
    const answers = {
      ready: { runs: [runOf('long', 9_000), runOf('short', 8_000)], compared: [] },
      compare: {
        runs: ['long', 'short'].map((name, index) => ({
          key: name,
          name,
          events: exampleRun({ steps: 20 + index }),
          recipe: { model: 'a.h5', training: { epochs: 10 - index } },
        })),
      },
    };
    page = await openHostedPage(browser, 'board', answers);
    await page.locator('#board tbody tr').nth(1).waitFor();
    await page.locator('#board thead button', { hasText: 'Compressed' }).click();
    expect(await page.locator('#board tbody tr .link').allTextContents()).toEqual(['short', 'long']);
    for (const index of [0, 1]) await page.locator('#board tbody vscode-checkbox').nth(index).click();
    await page.locator('vscode-button', { hasText: 'Compare' }).click();
    await page.locator('#compared-recipes td').first().waitFor();
    expect(await page.locator('#compared-recipes tbody').textContent()).toBe('training.epochs109');
    // The runs of this example differ in nothing but their steps; files are compared with files, as they are shown.
    const second = await page.locator('#compared-trees tbody td:last-child').allTextContents();
    expect(second.filter((text) => !text.endsWith('(unchanged)'))).toEqual([]);
    expect(await page.locator('#compared-trees tbody tr').count()).toBe(12);
    await page.locator('#compared-plots').scrollIntoViewIfNeeded();
    expect(await page.locator('#compared-plots .plot-legend').first().locator('li').allTextContents()).toEqual(['long', 'short']);
    await page.locator('#board vscode-text-field input').first().fill('good #ship');
    expect(await page.evaluate(() => JSON.stringify(Reflect.get(globalThis, 'sentToHost')))).toContain('good #ship');
    await page.screenshot({ path: screenshotFile('views-board'), fullPage: true });
    expect(await violations(page)).toEqual([]);
  });
});
