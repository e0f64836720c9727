/** Builds the page of the result panel and uses it in a browser, without an editor around it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, run, start } from './setup.mjs';

const folder = path.join(root, 'test-results');
const report = path.join(folder, 'panel-report.json');
mkdirSync(folder, { recursive: true });
for (const file of [report, path.join(folder, 'panel.json')]) rmSync(file, { force: true });

run('node', ['scripts/build.mjs', 'webview']);
const { status } = start('npx', [
  'vitest',
  'run',
  '--config',
  'test/panel/vitest.config.ts',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'));
writeFileSync(path.join(folder, 'panel.json'), JSON.stringify({ passed, failed }));
process.exitCode = status ?? 1;
