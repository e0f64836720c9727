/** The built page that says which layer hurts, in a browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { layerChoices } from '../../src/shared/layer-choices.ts';
import { type LayerSensitivity, SENSITIVITY_VERSION, type SensitivityReport } from '../../src/shared/sensitivity.ts';
import { launchBrowser, openHostedPage, screenshotFile, themeNames, violations } from '../support/panel-page.ts';

/** The output moves by the zeros to the fourth power, and by what values are missing. */
function layer(name: string, elements: number, weight: number): LayerSensitivity {
  return {
    layer: name,
    operation: 'conv2d',
    shape: [3, 3, 8, elements / 72],
    elements,
    macs: elements * 49,
    fitted: true,
    choices: layerChoices.map((choice) => {
      const bytes = elements * (1 - choice.sparsity) * (choice.clusters === 0 ? 1 : Math.log2(choice.clusters) / 8);
      return {
        ...choice,
        divergence: weight * (choice.sparsity ** 4 + (choice.clusters === 0 ? 0 : 0.1 / choice.clusters)),
        measured: choice.sparsity !== 0.95,
        bytes: { raw: elements, gzip: bytes, packed: bytes, ethosU: bytes * 1.1 },
        cycles: { cortexM: elements * 10, ethosU: elements + bytes },
      };
    }),
  };
}

const report: SensitivityReport = {
  version: SENSITIVITY_VERSION,
  model: 'models/keyword.h5',
  divergence: 'KL divergence',
  examples: 512,
  engine: 'onnxruntime-node 1.30.0',
  overhead: { raw: 4_000, gzip: 1_500, packed: 4_000, ethosU: 0 },
  targets: { cortexM: 'cortex-m55', ethosU: 'ethos-u55-128' },
  layers: Array.from({ length: 12 }, (_, index) => layer(`block_${index}`, 720 * (index + 1), [3, 0.02, 0.4, 0.0001][index % 4] ?? 1)),
  warnings: [],
};

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());
afterEach(() => page?.close());

describe('the page of a model’s sensitivity', () => {
  it('sorts by what hurts most, shows bytes instead, and one layer in full', async () => {
    page = await openHostedPage(browser, 'sensitivity', { ready: report });
    const names = page.locator('#sensitivity tbody .link');
    await page.locator('#sensitivity thead button', { hasText: '90% zeros' }).click();
    expect((await names.allTextContents()).slice(0, 3)).toEqual(['block_0', 'block_4', 'block_8']);
    await names.first().click();
    expect(await page.locator('#sensitivity-layer h2').textContent()).toBe('Zeros and values of block_0');
    expect(await page.locator('#sensitivity-layer tbody tr').count()).toBe(5);
    await page.locator('vscode-text-field input').fill('_11');
    expect(await names.allTextContents()).toEqual(['block_11']);
    await page.locator('#sensitivity-figure').click();
    await page.locator('vscode-option', { hasText: 'bytes, gzip' }).click();
    expect(await page.locator('#sensitivity tbody td').nth(3).textContent()).toBe('4.3 kB');
  });

  it.each(themeNames)('gives a checker of accessibility nothing to find in %s', async (theme) => {
    page = await openHostedPage(browser, 'sensitivity', { ready: report }, { theme });
    await page.locator('#sensitivity tbody .link').first().click();
    await page.screenshot({ path: screenshotFile(`sensitivity-${theme.toLowerCase().replaceAll(' ', '-')}`), fullPage: true });
    expect(await violations(page)).toEqual([]);
  });
});
