/**
 * The extension's own work until it is active: reading its bundle, and `activate` with a stand-in for the editor that
 * answers at once. Each round is a process of its own, so that nothing is warm. Other programs add to the milliseconds that
 * pass, and less to those of the processor.
 *
 * `npm run bench -- activation [rounds]`; needs `npm run build` before.
 */
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
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
  // Each file that imports the module copies its names: it has those of the declarations, as the real one.
  const text = require('node:fs').readFileSync(process.argv[2], 'utf8');
  const declared = text.matchAll(/^\\s+export (?:class|enum|namespace|const|let|function) (\\w+)/gm);
  const vscode = Object.fromEntries(Array.from(declared, ([, name]) => [name, anything()]));
  const load = Module._load;
  Module._load = (request, ...rest) => (request === 'vscode' ? vscode : load(request, ...rest));
  const processor = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
  const begun = performance.now();
  const idle = processor();
  const { activate } = require(process.argv[1]);
  const loaded = performance.now();
  activate({ subscriptions: [], extensionUri: anything(), globalState: { get: () => undefined }, workspaceState: { get: () => undefined } });
  console.log(JSON.stringify([loaded - begun, performance.now() - loaded, processor() - idle]));
  process.exit();
`;

export async function run([rounds = '15']: readonly string[]): Promise<void> {
  const bundle = fileURLToPath(new URL('extension.cjs', import.meta.url));
  const declarations = fileURLToPath(new URL('../node_modules/@types/vscode/index.d.ts', import.meta.url));
  const times = Array.from({ length: Number(rounds) }, (): readonly [number, number, number] => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', round, bundle, declarations], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`a round failed: ${stderr}`);
    return JSON.parse(stdout);
  });
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  const loading = median(times.map(([load]) => load));
  const activating = median(times.map(([, activate]) => activate));
  const whole = times.map(([load, activate]) => load + activate);
  const processor = times.map(([, , milliseconds]) => milliseconds);
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  console.log(
    `${rounds} processes: together ${median(whole).toFixed(1)} ms in the median (reading the bundle ${loading.toFixed(1)} ms, activating ` +
      `${activating.toFixed(1)} ms), least ${Math.min(...whole).toFixed(1)} ms, most ${Math.max(...whole).toFixed(1)} ms; of the processor ` +
      `${median(processor).toFixed(1)} ms in the median, least ${Math.min(...processor).toFixed(1)} ms`,
  );
}
