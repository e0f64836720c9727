/** Runs test/kills: 50 kills of each kind, or with `--short` a few. */
import { buildTargets } from './setup.mjs';
import { runVitestLayer } from './vitest-layer.mjs';

const isShort = process.argv[2] === '--short';

buildTargets('cli', 'worker', 'evaluation-thread', 'reading-thread', 'hdf5-reader');
runVitestLayer('kills', process.argv.slice(isShort ? 3 : 2), isShort ? { ESPALIER_KILLS: '1' } : {});
