import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { services } from './support.ts';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: {
      readonly properties: Readonly<Record<string, { readonly default: unknown; readonly markdownDescription: string }>>;
    };
    readonly languageModelTools: readonly { readonly name: string }[];
  };
}

function manifest(): Manifest {
  const extension = vscode.extensions.getExtension('espalier.espalier');
  assert.ok(extension);
  return extension.packageJSON;
}

describe('the manifest', () => {
  it('promises only commands that are there, with a title in words', async () => {
    await services();
    const registered = new Set(await vscode.commands.getCommands(true));
    const { commands } = manifest().contributes;
    assert.ok(commands.length >= 15);
    for (const { command, title } of commands) {
      assert.ok(registered.has(command), `${command} is registered`);
      assert.doesNotMatch(title, /%/);
    }
  });

  it('gives every setting a default and a description', () => {
    for (const [name, setting] of Object.entries(manifest().contributes.configuration.properties)) {
      assert.notEqual(setting.default, undefined, name);
      assert.ok(setting.markdownDescription.length > 20, name);
      // As JSON: the editor gives objects of its own.
      assert.equal(JSON.stringify(vscode.workspace.getConfiguration().get(name)), JSON.stringify(setting.default), name);
    }
  });

  it('offers its tools to language models', async () => {
    await services();
    const offered = vscode.lm.tools.map((tool) => tool.name);
    for (const { name } of manifest().contributes.languageModelTools) assert.ok(offered.includes(name), name);
  });
});
