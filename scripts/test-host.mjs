/**
 * Runs test/host/suite inside a real extension host through @vscode/test-electron: in a desktop VS Code where
 * ESPALIER_VSCODE names its executable, else on Linux in the VS Code server from npm, and elsewhere in the desktop VS Code
 * that @vscode/test-electron downloads.
 */
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeBundle } from './bundle-settings.mjs';
import { buildTargets, root } from './setup.mjs';

const results = path.join(root, 'test-results', 'host.json');
const report = path.join(root, 'test-results', 'host.txt');
const suite = path.join(root, '.cache', 'host-suite', 'index.cjs');
/** The extension with a scripted worker in place of its own, which the journeys use. */
const extension = path.join(root, '.cache', 'host-extension');

await mkdir(path.dirname(results), { recursive: true });
await Promise.all([results, report].map((file) => rm(file, { force: true })));
buildTargets('extension', 'webview', 'hdf5-reader');
await assembleExtension();
await bundle('test/host/suite/index.ts', suite);

const serverOnLinux = process.platform === 'linux' ? path.join(root, 'test', 'host', 'code-stand-in.mjs') : undefined;
const workspace = await mkdtemp(path.join(os.tmpdir(), 'espalier-workspace-'));
let failed = false;
try {
  await cp(path.join(root, 'test', 'host', 'workspace'), workspace, { recursive: true });
  await runTests({
    vscodeExecutablePath: process.env.ESPALIER_VSCODE ?? serverOnLinux,
    extensionDevelopmentPath: extension,
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

async function assembleExtension() {
  await rm(extension, { recursive: true, force: true });
  await mkdir(path.join(extension, 'dist'), { recursive: true });
  for (const name of [
    'package.json',
    'package.nls.json',
    'package.nls.zh-cn.json',
    'media',
    'schemas',
    'skills',
    'l10n',
    'dist/extension.cjs',
    'dist/json-language-service.cjs',
    'dist/webview',
    'dist/hdf5-reader.mjs',
  ]) {
    await cp(path.join(root, name), path.join(extension, name), { recursive: true });
  }
  await bundle('test/host/scripted-worker.ts', path.join(extension, 'dist', 'worker.cjs'));
}

function bundle(entryPoint, outfile) {
  return build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    ...nodeBundle,
    external: [...nodeBundle.external, 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
    absWorkingDir: root,
  });
}
