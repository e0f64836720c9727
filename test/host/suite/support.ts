import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as vscode from 'vscode';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import type { Run } from '../../../src/extension/runs/run.ts';
import type { Services } from '../../../src/extension/services.ts';

export async function services(): Promise<Services> {
  const extension = vscode.extensions.getExtension<Services>('espalier.espalier');
  assert.ok(extension, 'the extension is installed');
  return extension.activate();
}

export function workspaceFile(...parts: readonly string[]): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'the suite runs in a folder');
  return vscode.Uri.file(path.join(folder.uri.fsPath, ...parts));
}

export const exampleRecipe = (): vscode.Uri => workspaceFile('models', 'mnist.espalier.json');

/** The editor's models lag behind its commands, so tests ask again until they see it. */
export async function eventually<Value>(
  read: () => Value | undefined | Promise<Value | undefined>,
  what: string,
  seconds = 20,
): Promise<Value> {
  for (let attempt = 0; attempt < seconds * 20; attempt += 1) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    await wait(50);
  }
  throw new Error(`${what} did not come about within ${seconds} s`);
}

/** A network that can be read, as TFJS writes it, in the folder of the recipes. */
export async function writeModel(name: string, classes = 10): Promise<void> {
  const { json, weights } = writeTfjsLayers(mnistCnn({ classes, seed: 0 }));
  await vscode.workspace.fs.writeFile(workspaceFile('models', name, 'model.json'), new TextEncoder().encode(json));
  await vscode.workspace.fs.writeFile(workspaceFile('models', name, 'weights.bin'), weights);
}

export async function writeRecipe(name: string, content: object): Promise<vscode.Uri> {
  const uri = workspaceFile('models', name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(JSON.stringify(content, null, 2)));
  return uri;
}

export function doneNodes(run: Run): readonly string[] {
  return run.state.models.flatMap((model) =>
    [...model.nodes.values()].filter((node) => node.state.kind === 'done').map((node) => node.node.id),
  );
}
