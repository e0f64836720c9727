import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, start } from './setup.mjs';

const results = path.join(root, 'test-results');

/**
 * Runs test/<name> with its own settings of Vitest and leaves the counts for `npm test` in test-results/<name>.json, as
 * `count` makes them of how many passed, failed and were skipped. Sets the exit code.
 */
export function runVitestLayer(name, args, environment = {}, count = (counts) => counts) {
  const report = path.join(results, `${name}-report.json`);
  const counts = path.join(results, `${name}.json`);
  mkdirSync(results, { recursive: true });
  for (const file of [report, counts]) rmSync(file, { force: true });
  const settings = ['--config', `test/${name}/vitest.config.ts`, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = start('npx', ['vitest', 'run', ...settings, ...args], { env: { ...process.env, ...environment } });
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = JSON.parse(readFileSync(report, 'utf8'));
  writeFileSync(counts, JSON.stringify(count({ passed, failed, skipped })));
  process.exitCode = status ?? 1;
}
