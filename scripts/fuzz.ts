/**
 * Throws seeded mutations at every reader of models and data: `npm run fuzz -- [--mutations 10000] [--format name] [--seed 1] [--first 0]`.
 * Formats that the project does not write itself are read from ESPALIER_TEST_DATA. Exits 1 when a mutation ends in
 * anything but a model or a typed error.
 */
import { parseArgs } from 'node:util';
import { dataTargets } from '../test/fuzz/data-targets.ts';
import { modelTargets } from '../test/fuzz/model-targets.ts';
import { fuzz } from '../test/fuzz/run-fuzz.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mutations: { type: 'string', default: '10000' },
      format: { type: 'string' },
      seed: { type: 'string', default: '1' },
      first: { type: 'string', default: '0' },
    },
  });
  const folder = process.env['ESPALIER_TEST_DATA'];
  if (folder === undefined) console.log('ESPALIER_TEST_DATA is not set: real .h5 and .keras files and SavedModel are left out');
  const [models, data] = [await modelTargets(folder), await dataTargets()];
  const targets = [...models.targets, ...data.targets];
  try {
    const chosen = targets.filter(({ name }) => values.format === undefined || name.startsWith(values.format));
    if (chosen.length === 0) throw new Error(`no format "${values.format ?? ''}"; there are ${targets.map(({ name }) => name).join(', ')}`);
    for (const target of chosen) {
      const start = performance.now();
      const report = await fuzz(target, Number(values.mutations), Number(values.seed), Number(values.first));
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(
        `${target.name}: ${values.mutations} mutations in ${seconds} s, ${report.accepted} read, ${report.refused} refused, slowest ${report.slowestMilliseconds.toFixed(0)} ms (mutation ${report.slowest}), peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB, ${report.failures.length} failures`,
      );
      for (const { mutation, error } of report.failures.slice(0, 5)) console.log(`  mutation ${mutation}:`, error);
      if (report.failures.length > 0) process.exitCode = 1;
    }
  } finally {
    await Promise.all([models.dispose(), data.dispose()]);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 2;
});
