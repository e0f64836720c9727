// Everything that has to pass, in the order of what fails fastest. The last line counts all tests of all layers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { installBrowser, installCompilers, installPackages, installSlurm, root, run, runTogether, start } from './setup.mjs';

const debian = once(spawn(process.execPath, ['scripts/install-debian.mjs'], { cwd: root, stdio: 'inherit' }), 'exit');
installPackages();
const checks = runTogether([
  ['npx', 'tsc', '-p', '.'],
  ['npx', 'eslint', '.'],
  ['npx', 'prettier', '--check', '--log-level=warn', '.'],
]);
await debian;
// The VS Code server, and with it the journeys and their browser, are there on Linux alone.
const hasServer = process.platform === 'linux';
if (hasServer) installBrowser();
/** What no test of this run looked at, for the last line. */
const leftOut = installCompilers();
const withoutSlurm = installSlurm();
if (withoutSlurm !== undefined) leftOut.push(`Slurm (${withoutSlurm})`);

const results = path.join(root, 'test-results');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
for (const [variable, what] of [
  ['ESPALIER_TEST_DATA', 'real data and real models'],
  ['ESPALIER_TFLM', 'TFLite Micro itself'],
]) {
  if (process.env[variable]) continue;
  console.log(`${variable} is not set: tests on ${what} are left out.`);
  leftOut.push(`${what} (${variable} is not set)`);
}

await checks;
run('node', ['scripts/build.mjs']);

const counts = { passed: 0, failed: 0, skipped: 0 };

/** Each layer leaves its counts in test-results; a layer that ended badly without any counts as one failure. */
function layer(name, command, args, read) {
  console.log(`\n== ${name}`);
  const { status } = start(command, args);
  let found = { passed: 0, failed: 0 };
  try {
    found = read(JSON.parse(readFileSync(path.join(results, `${name}.json`), 'utf8')));
  } catch {
    console.error(`${name}: left no results`);
  }
  if (found.passed + found.failed === 0 || (status !== 0 && found.failed === 0)) found = { ...found, failed: found.failed + 1 };
  counts.passed += found.passed;
  counts.failed += found.failed;
  counts.skipped += found.skipped ?? 0;
}

layer('unit', 'npx', ['vitest', 'run', '--reporter=default', '--reporter=json', '--outputFile.json=test-results/unit.json'], (json) => ({
  passed: json.numPassedTests,
  failed: json.numFailedTests,
  skipped: json.numPendingTests + json.numTodoTests,
}));
layer('slurm', 'node', ['scripts/test-slurm.mjs', '--short'], (json) => json);
leftOut.push('half of the failures on Slurm (npm run test:slurm)');
layer('host', 'node', ['scripts/test-host.mjs'], (json) => json);
if (hasServer) layer('panel', 'node', ['scripts/test-panel.mjs'], (json) => json);
if (hasServer) layer('journey', 'node', ['scripts/test-journey.mjs'], (json) => json);
else leftOut.push('panel and journeys (they need Linux)');

const without = leftOut.length === 0 ? '' : `; left out: ${leftOut.join(', ')}`;
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped${without}`);
process.exit(counts.failed === 0 ? 0 : 1);
