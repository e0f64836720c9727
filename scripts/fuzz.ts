/**
 * Throws seeded mutations at every model reader: `fuzz [mutations per format, default 10000] [seed]`. Formats that the
 * project does not write itself are read from ESPALIER_TEST_DATA. Exits 1 when one ends in anything but a model or a
 * typed error.
 */
import { modelTargets } from '../test/fuzz/model-targets.ts';
import { fuzz } from '../test/fuzz/run-fuzz.ts';

const [count = 10_000, seed = 1] = process.argv.slice(2).map(Number);
const { targets, dispose } = await modelTargets(process.env['ESPALIER_TEST_DATA']);
let failed = false;
for (const target of targets) {
  const { name, accepted, refused, slowestMilliseconds, failures } = await fuzz(target, count, seed);
  console.log(`${name}: ${count} mutations, ${accepted} read, ${refused} refused, slowest ${slowestMilliseconds.toFixed(0)} ms, ${failures.length} failures`);
  for (const { mutation, error } of failures.slice(0, 5)) console.log(`  mutation ${mutation}:`, error);
  failed ||= failures.length > 0;
}
await dispose();
process.exitCode = failed ? 1 : 0;
