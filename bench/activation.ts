/**
 * The extension's own work until it is active: reading its bundle, and `activate` with a stand-in for the editor that
 * answers at once. Each round is a process of its own, so that nothing is warm.
 *
 * `npm run bench -- activation [rounds]`; needs `npm run build` before.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What the bundle gets as `vscode`: every property is again such a thing, which can be called, constructed and iterated. */
const round = `
  const Module = require('node:module');
  const special = {
    workspaceFolders: [], textDocuments: [], visibleTextEditors: [], isTrusted: true, then: undefined,
    get: (name, value) => value, fsPath: '/extension', path: '/extension', toString: () => '',
    [Symbol.toPrimitive]: () => '', [Symbol.iterator]: function* () {},
  };
  const anything = () => new Proxy(function () {}, {
    get: (target, name) => (name in special ? special[name] : name === 'prototype' ? target.prototype : anything()),
    apply: () => anything(),
    construct: () => anything(),
  });
  // The bundler copies the module's own names: every name that follows a dot in the bundle may be one.
  const text = require('node:fs').readFileSync(process.argv[1], 'utf8');
  const vscode = Object.fromEntries(Array.from(text.matchAll(/[.]([A-Za-z]\\w+)/g), ([, name]) => [name, anything()]));
  const load = Module._load;
  Module._load = (request, ...rest) => (request === 'vscode' ? vscode : load(request, ...rest));
  const begun = performance.now();
  const { activate } = require(process.argv[1]);
  const loaded = performance.now();
  activate({ subscriptions: [], extensionUri: anything(), globalState: { get: () => undefined }, workspaceState: { get: () => undefined } });
  console.log(JSON.stringify([loaded - begun, performance.now() - loaded]));
  process.exit();
`;

export async function run([rounds = '15']: readonly string[]): Promise<void> {
  const bundle = fileURLToPath(new URL('extension.cjs', import.meta.url));
  const times = Array.from({ length: Number(rounds) }, (): readonly [number, number] => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', round, bundle], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`a round failed: ${stderr}`);
    return JSON.parse(stdout);
  });
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  const loading = median(times.map(([load]) => load));
  const activating = median(times.map(([, activate]) => activate));
  const worst = Math.max(...times.map(([load, activate]) => load + activate));
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}; median of ${rounds} processes`);
  console.log(
    `reading the bundle ${loading.toFixed(1)} ms, activating ${activating.toFixed(1)} ms, together ${(loading + activating).toFixed(1)} ms (worst ${worst.toFixed(1)} ms)`,
  );
}
