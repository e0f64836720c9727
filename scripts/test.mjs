// Everything that has to pass, in the order of what fails fastest. The last line counts all tests of all layers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { installBrowser, installCompilers, installPackages, installSlurm, root, run, runCollecting, runTogether } from './setup.mjs';
import { countsOf } from './vitest-layer.mjs';

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
/** What failed, named once more at the end, which is what one sees of a long output. */
const failures = [];

/** Each layer leaves its counts in test-results, and its output is shown whole, as it comes where no other runs; a layer that ended badly without any counts as one failure. */
async function layer(name, command, args, { read = (json) => json, isAlone = false } = {}) {
  const started = Date.now();
  if (isAlone) console.log(`\n== ${name}`);
  const show = isAlone ? (text) => process.stdout.write(text) : undefined;
  const { status, output } = await runCollecting(command, args, { env: { ...process.env, ESPALIER_IS_BUILT: '1' }, show });
  if (!isAlone) console.log(`\n== ${name}\n${output}`);
  console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
  let found = { passed: 0, failed: 0 };
  try {
    found = read(JSON.parse(readFileSync(path.join(results, `${name}.json`), 'utf8')));
  } catch {
    console.error(`${name}: left no results`);
  }
  for (const failure of found.failures ?? []) failures.push(`${name}: ${failure}`);
  if (found.passed + found.failed === 0 || (status !== 0 && found.failed === 0)) {
    found = { ...found, failed: found.failed + 1 };
    failures.push(
      `${name}: ended with ${status}, and no test says why; the end of its output:\n${output.split('\n').slice(-40).join('\n')}`,
    );
  }
  counts.passed += found.passed;
  counts.failed += found.failed;
  counts.skipped += found.skipped ?? 0;
}

await layer('unit', 'npx', ['vitest', 'run', '--reporter=default', '--reporter=json', '--outputFile.json=test-results/unit.json'], {
  read: countsOf,
  isAlone: true,
});

/** The journeys wait for windows and trainings most of their time, and so do the layers beside them. */
const journeys = async () => {
  if (hasServer) await layer('journey', 'node', ['scripts/test-journey.mjs', '--short']);
  else leftOut.push('panel and journeys (they need Linux)');
};
const others = async () => {
  await layer('slurm', 'node', ['scripts/test-slurm.mjs', '--short']);
  leftOut.push('half of what is tested on Slurm (npm run test:slurm)');
  await layer('kills', 'node', ['scripts/test-kills.mjs', '--short']);
  leftOut.push('all but a few kills (npm run test:kills)', 'some kinds of windows (npm run test:journey)');
  await layer('host', 'node', ['scripts/test-host.mjs']);
  if (hasServer) await layer('panel', 'node', ['scripts/test-panel.mjs']);
};
await Promise.all([journeys(), others()]);

for (const failure of failures) console.log(`\nFAILED ${failure}`);
const without = leftOut.length === 0 ? '' : `; left out: ${leftOut.join(', ')}`;
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped${without}`);
process.exit(counts.failed === 0 ? 0 : 1);
