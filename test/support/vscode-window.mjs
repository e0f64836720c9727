/** A VS Code window for the tests: the server on 127.0.0.1 and Debian's Chromium as its window. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { installVSCodeServer } from '../../scripts/vscode-server.mjs';

const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.untrustedFiles': 'open',
};

/**
 * @param {import('./vscode-window.d.mts').ServerOptions} options
 * @returns {Promise<{ port: number, dataFolder: string, stop: () => Promise<void> }>}
 */
export async function startServer({
  settings = {},
  vsix,
  arguments: extra = [],
  environment = {},
  asksForTrust = false,
  isDriven = false,
} = {}) {
  const { node, main } = await installVSCodeServer();
  const dataFolder = await mkdtemp(path.join(os.tmpdir(), 'espalier-vscode-'));
  await mkdir(path.join(dataFolder, 'data', 'User'), { recursive: true });
  await writeFile(path.join(dataFolder, 'data', 'User', 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }));
  const common = ['--server-data-dir', dataFolder, '--accept-server-license-terms', '--telemetry-level', 'off'];
  // The test runner's own settings must not reach the server's processes.
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS|VITEST.*|ELECTRON_RUN_AS_NODE)$/.test(name)),
  );
  const env = { ...inherited, ...environment };
  if (vsix !== undefined)
    await finished(
      spawn(node, [main, '--install-extension', vsix, ...common], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
      'installing the extension',
    );
  const server = spawn(
    node,
    [
      main,
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--without-connection-token',
      ...(asksForTrust ? [] : ['--disable-workspace-trust']),
      ...(isDriven ? ['--enable-smoke-test-driver'] : []),
      ...common,
      ...extra,
    ],
    {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const port = await listeningPort(server);
  return {
    port,
    dataFolder,
    async stop() {
      server.kill();
      await ended;
      await rm(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

function listeningPort(server) {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk) => {
      output += chunk;
      const found = /Extension host agent listening on (\d+)/.exec(output);
      if (found) resolve(Number(found[1]));
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('exit', (code) => reject(new Error(`the VS Code server ended with ${code}: ${output}`)));
  });
}

function finished(child, what) {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(`${what} ended with ${code}: ${output}`))));
  });
}

/** @param {import('./vscode-window.d.mts').WindowOptions} options */
export async function openWindow({ port, folder, workspace, payload = [], viewport = { width: 1400, height: 900 }, language }) {
  const executablePath = process.env.ESPALIER_CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath))
    throw new Error(`no browser at ${executablePath}; install Chromium or set ESPALIER_CHROMIUM to its path`);
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const context = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  // A busy machine takes long to load a whole workbench.
  page.setDefaultNavigationTimeout(120_000);
  if (language !== undefined) {
    // The workbench's own texts need a language pack; this tells extensions which language the user has.
    await page.addInitScript((name) => Object.defineProperty(globalThis, '_VSCODE_NLS_LANGUAGE', { value: name }), language);
  }
  const url = new URL(`http://127.0.0.1:${port}/`);
  if (folder !== undefined) url.searchParams.set('folder', path.resolve(folder));
  else if (workspace !== undefined) url.searchParams.set('workspace', path.resolve(workspace));
  // Else the server would open what it opened last.
  else url.searchParams.set('ew', 'true');
  if (payload.length > 0) url.searchParams.set('payload', JSON.stringify(payload));
  return { browser, page, url: url.href };
}

/** A path on this machine as the window, which is a remote one, names it. */
export function remotePath(port, file) {
  return `vscode-remote://127.0.0.1:${port}${path.resolve(file)}`;
}
