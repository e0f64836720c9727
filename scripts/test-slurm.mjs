/**
 * Runs test/slurm on a Slurm cluster of this machine, which Debian's packages are installed for. Where they cannot be, the
 * tests are left out and counted, and with ESPALIER_REQUIRE_SLURM they fail.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installSlurm, root, run, start } from './setup.mjs';

const folder = path.join(root, 'test-results');
const report = path.join(folder, 'slurm-report.json');
mkdirSync(folder, { recursive: true });
for (const file of [report, path.join(folder, 'slurm.json')]) rmSync(file, { force: true });

const isShort = process.argv[2] === '--short';
const others = process.argv.slice(isShort ? 3 : 2);
const missing = installSlurm();
const isRequired = process.env.ESPALIER_REQUIRE_SLURM === '1';
if (missing !== undefined) console.error(`Slurm${isRequired ? '' : ' is left out'}: ${missing}`);
run('node', ['scripts/build.mjs', 'cli', 'worker', 'evaluation-thread', 'reading-thread', 'hdf5-reader']);
const { status } = start(
  'npx',
  [
    'vitest',
    'run',
    '--config',
    'test/slurm/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...others,
  ],
  { env: { ...process.env, ESPALIER_WITHOUT_SLURM: missing === undefined ? '' : '1', ESPALIER_SLURM: isShort ? 'short' : 'all' } },
);
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = JSON.parse(readFileSync(report, 'utf8'));
const isFailure = missing !== undefined && isRequired;
writeFileSync(
  path.join(folder, 'slurm.json'),
  JSON.stringify({ passed, failed: failed + (isFailure ? skipped : 0), skipped: isFailure ? 0 : skipped }),
);
process.exitCode = isFailure ? 1 : (status ?? 1);
