import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Editor } from './editor.ts';

const noModel = /There is no model in this workspace/;
const noRecipe = /There is no recipe .* in this workspace/;
const needsTrust = /need a trusted workspace/;

/** What each command of the palette says where there is nothing that it could work on. */
const answers: readonly (readonly [command: string, inEmptyFolder: RegExp, untrusted: RegExp])[] = [
  ['Optimize Model…', noModel, needsTrust],
  ['Run Recipe', noRecipe, needsTrust],
  ['Run to This Node', noRecipe, needsTrust],
  ['Cancel Run', /No run is going on/, /No run is going on/],
  ['Resume Run', /There is no interrupted run to resume/, needsTrust],
  ['Open Results', /was run yet/, /was run yet/],
  ['Compare Runs', /Comparing needs two runs/, /Comparing needs two runs/],
  ['Export Report', /There is no finished run/, /There is no finished run/],
  ['Convert to TFLite…', noModel, needsTrust],
  ['Inspect Model', noModel, noModel],
  ['Compare Models', noModel, noModel],
  ['Evaluate Model', noModel, needsTrust],
  ['Open .tflite', noModel, noModel],
  ['Check Installation', /Espalier is ready/, /Espalier is ready/],
  ['Clear Cache', /there is no cache/, /there is no cache/],
];

describe.each([
  ['an empty folder', true],
  ['an untrusted workspace', false],
])('in %s', (_place, trusted) => {
  let editor: Editor;

  beforeAll(async () => {
    editor = await Editor.open({ trusted });
  });
  afterAll(async () => {
    await editor?.screenshot(trusted ? '20-nothing-open' : '21-untrusted');
    await editor?.close();
  });

  it('the sidebar says what is missing', async () => {
    await editor.openSidebar();
    const text = trusted ? 'There is no model in this folder' : 'This workspace is not trusted';
    await editor.page.locator('.sidebar', { hasText: text }).first().waitFor();
  });

  it.each(answers)('“%s” says why it can do nothing, or what it found', async (command, inEmptyFolder, untrusted) => {
    await editor.command(`Espalier: ${command}`);
    expect(await editor.notification()).toMatch(trusted ? inEmptyFolder : untrusted);
  });
});
