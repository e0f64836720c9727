import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, start } from './setup.mjs';

const results = path.join(root, 'test-results');

/**
 * Runs test/<name> with its own settings of Vitest and leaves the counts for `npm test` in test-results/<name>.json, as
 * `count` makes them of those of `countsOf`. Sets the exit code.
 */
export function runVitestLayer(name, args, environment = {}, count = (counts) => counts) {
  const report = path.join(results, `${name}-report.json`);
  const counts = path.join(results, `${name}.json`);
  mkdirSync(results, { recursive: true });
  for (const file of [report, counts]) rmSync(file, { force: true });
  const settings = ['--config', `test/${name}/vitest.config.ts`, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = start('npx', ['vitest', 'run', ...settings, ...args], { env: { ...process.env, ...environment } });
  writeFileSync(counts, JSON.stringify(count(countsOf(JSON.parse(readFileSync(report, 'utf8'))))));
  process.exitCode = status ?? 1;
}

/** How many tests of a report of Vitest passed, failed and were left out, and what failed: file, test, and the start of the message. */
export function countsOf({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) {
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(root, name);
    const tests = assertionResults.filter((test) => test.status === 'failed');
    // A file that cannot be loaded has no tests.
    if (tests.length === 0) return status === 'failed' ? [`${file}: ${startOf(message)}`] : [];
    return tests.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${startOf(failureMessages.join('\n'))}`);
  });
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests, failures };
}

/** The first lines of a message; the report above has all of it. */
const startOf = (message) => message.split('\n').slice(0, 6).join('\n');
