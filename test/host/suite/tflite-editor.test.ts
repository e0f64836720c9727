import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { inspectionPage } from '../../../src/extension/tflite/inspection-page.ts';
import { exampleInspection } from '../../support/example-inspection.ts';
import { eventually, services, workspaceFile } from './support.ts';

describe('the .tflite viewer', () => {
  it('opens a file read only, with one command', async () => {
    await services();
    const uri = workspaceFile('models', 'pruned.tflite');
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode('TFL3'));
    await vscode.commands.executeCommand('espalier.openTflite', uri);
    await eventually(
      () =>
        vscode.window.tabGroups.all
          .flatMap((group) => group.tabs)
          .find((tab) => tab.input instanceof vscode.TabInputCustom && tab.input.viewType === 'espalier.tflite'),
      'the editor',
    );
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.workspace.fs.delete(uri);
  });

  it('shows operations, quantization, sparsity and the histogram, and of two files what differs', () => {
    const panel = vscode.window.createWebviewPanel('test', 'test', vscode.ViewColumn.One);
    const folder = workspaceFile('.');
    const page = inspectionPage(panel.webview, folder, [exampleInspection('a/pruned.tflite')]);
    for (const text of ['FULLY_CONNECTED', '50.0%', 'scale 0.0039200, zero point -128', '2 scales along axis 0', '<svg', 'full integer'])
      assert.ok(page.includes(text), text);
    // The graph's own script, by the page's nonce.
    assert.equal(page.match(/<script nonce="[^"]+" src="[^"]+graph\.js"><\/script>/g)?.length, 1);
    const both = inspectionPage(panel.webview, folder, [exampleInspection('a/pruned.tflite'), exampleInspection('b/<plain>.tflite')]);
    for (const text of ['50.0% → 0.0%', 'b/&#60;plain&#62;.tflite', '<td>int8</td>', 'data-comparison'])
      assert.ok(both.includes(text), text);
    panel.dispose();
  });
});
