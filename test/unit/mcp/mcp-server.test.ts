/** The server as it is shipped, spoken to over standard input and output by the official client. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { agentTools } from '../../../src/shared/agent-tools.ts';
import { bundle, type Bundles } from '../../support/bundle.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
let bundles: Bundles;
let client: Client;

beforeAll(async () => {
  bundles = await bundle('mcp', 'worker', 'evaluation-thread', 'reading-thread');
  writeFileSync(path.join(folder, 'model.tflite'), writeTflite({ kind: 'float', network: prepareForDeployment(mnistCnn({ seed: 1 })) }));
  writeFileSync(
    path.join(folder, 'net.espalier.json'),
    JSON.stringify({
      model: 'model.tflite',
      data: { format: 'generated', set: 'digits', trainSize: 20, testSize: 20 },
      measure: { latency: false },
    }),
  );
  client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [path.join(bundles.folder, 'mcp.cjs'), '1.2.3', folder],
      stderr: 'pipe',
    }),
  );
}, 120_000);
afterAll(async () => {
  await client.close();
  await bundles.remove();
});

async function call(name: string, input: Readonly<Record<string, unknown>>) {
  const { content, isError } = await client.callTool({ name, arguments: input }, undefined, { timeout: 120_000 });
  const [first] = content as readonly { readonly text: string }[];
  return { text: first?.text ?? '', isError: isError === true };
}

describe('espalier mcp', () => {
  it('says who it is, and offers the tools of the editor', async () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'espalier', version: '1.2.3' });
    const { tools } = await client.listTools();
    expect(tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }))).toEqual(
      agentTools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    );
  });

  it('inspects a model, its path relative to the folder', async () => {
    const { text, isError } = await call('espalier_inspect_model', { path: 'model.tflite' });
    expect(isError).toBe(false);
    expect(JSON.parse(text)).toMatchObject({ version: 1, format: 'tflite' });
  });

  it('answers in words what cannot be done', async () => {
    expect(await call('espalier_inspect_model', { path: 'none.tflite' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('none.tflite: there is no such file'),
    });
    expect((await call('espalier_inspect_model', { path: 3 })).isError).toBe(true);
    expect(await call('espalier_read_results', { recipe: 'net.espalier.json' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('run it with espalier_run_recipe first'),
    });
    expect((await client.listResources()).resources).toEqual([]);
  });

  it('runs a recipe with progress, and reads the run as results and as a resource', async () => {
    const progress: number[] = [];
    const { content } = await client.callTool(
      { name: 'espalier_run_recipe', arguments: { recipe: 'net.espalier.json', nodes: ['baseline', 'ptq'] } },
      undefined,
      { timeout: 120_000, onprogress: ({ progress: done }) => progress.push(done) },
    );
    const [ran] = content as readonly { readonly text: string }[];
    expect(ran?.text).toContain('outcome: done');
    expect(ran?.text).toContain('| Quantized model |');
    expect(progress).toEqual([1, 2]);
    expect((await call('espalier_read_results', { recipe: path.join(folder, 'net.espalier.json') })).text).toBe(ran?.text);
    const { resources } = await client.listResources();
    expect(resources).toHaveLength(1);
    const { contents } = await client.readResource({ uri: resources[0]!.uri });
    expect(contents[0]).toMatchObject({ mimeType: 'text/markdown', text: ran?.text });
    await expect(client.readResource({ uri: 'espalier://runs/none' })).rejects.toThrow('there is no run');
  });
});

describe('the manifest', () => {
  it('gives the editor the same tools', () => {
    const { contributes }: { readonly contributes: { readonly languageModelTools: readonly Readonly<Record<string, unknown>>[] } } =
      JSON.parse(readFileSync('package.json', 'utf8'));
    expect(
      contributes.languageModelTools.map(({ name, modelDescription, inputSchema }) => ({ name, modelDescription, inputSchema })),
    ).toEqual(agentTools.map(({ name, description, inputSchema }) => ({ name, modelDescription: description, inputSchema })));
  });
});
