/**
 * Runs test/slurm on a Slurm cluster of this machine, which Debian's packages are installed for. Where they cannot be, the
 * tests are left out and counted, and with ESPALIER_REQUIRE_SLURM they fail.
 */
import { buildTargets, installSlurm } from './setup.mjs';
import { runVitestLayer } from './vitest-layer.mjs';

const isShort = process.argv[2] === '--short';
const missing = installSlurm();
const isRequired = process.env.ESPALIER_REQUIRE_SLURM === '1';
if (missing !== undefined) console.error(`Slurm${isRequired ? '' : ' is left out'}: ${missing}`);
buildTargets('cli', 'worker', 'evaluation-thread', 'reading-thread', 'hdf5-reader');
const isFailure = missing !== undefined && isRequired;
runVitestLayer(
  'slurm',
  process.argv.slice(isShort ? 3 : 2),
  { ESPALIER_WITHOUT_SLURM: missing === undefined ? '' : '1', ESPALIER_SLURM: isShort ? 'short' : 'all' },
  (counts) =>
    isFailure ? { ...counts, failed: counts.failed + counts.skipped, skipped: 0, failures: [...counts.failures, missing] } : counts,
);
if (isFailure) process.exitCode = 1;
