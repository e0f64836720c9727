/**
 * Runs test/host/suite inside a real extension host through @vscode/test-electron: in a desktop VS Code where
 * ESPALIER_VSCODE names its executable, else in the VS Code server from npm.
 */
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { root, run } from './setup.mjs';

const results = path.join(root, 'test-results', 'host.json');
const report = path.join(root, 'test-results', 'host.txt');
const suite = path.join(root, '.cache', 'host-suite', 'index.cjs');

await mkdir(path.dirname(results), { recursive: true });
await Promise.all([results, report].map((file) => rm(file, { force: true })));
run('node', ['scripts/build.mjs', 'extension', 'worker', 'evaluation-thread', 'webview']);
await build({
  entryPoints: ['test/host/suite/index.ts'],
  outfile: suite,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode', 'mocha'],
  sourcemap: 'inline',
  logLevel: 'warning',
  absWorkingDir: root,
});

const workspace = await mkdtemp(path.join(os.tmpdir(), 'espalier-workspace-'));
let failed = false;
try {
  await cp(path.join(root, 'test', 'host', 'workspace'), workspace, { recursive: true });
  await runTests({
    vscodeExecutablePath: process.env.ESPALIER_VSCODE ?? path.join(root, 'test', 'host', 'code-stand-in.mjs'),
    extensionDevelopmentPath: root,
    extensionTestsPath: suite,
    extensionTestsEnv: {
      ESPALIER_HOST_RESULTS: results,
      ESPALIER_HOST_REPORT: report,
      ...(process.env.ESPALIER_HOST_GREP ? { ESPALIER_HOST_GREP: process.env.ESPALIER_HOST_GREP } : {}),
    },
    launchArgs: [workspace, '--disable-workspace-trust'],
  });
} catch (error) {
  failed = true;
  console.error(error.message);
} finally {
  console.log(await readFile(report, 'utf8').catch(() => 'the suite left no report'));
  await rm(workspace, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
