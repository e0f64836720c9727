/** What the extension host calls: runs mocha and leaves the report and the counts in files, for the host's output is lost. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { format } from 'node:util';
import Mocha from 'mocha';

export async function run(): Promise<void> {
  const { ESPALIER_HOST_REPORT: report, ESPALIER_HOST_RESULTS: results, ESPALIER_HOST_GREP: grep } = process.env;
  if (report === undefined || results === undefined) throw new Error('start this suite with scripts/test-host.mjs');
  Mocha.reporters.Base.consoleLog = (...values: unknown[]) => appendFileSync(report, `${format(...values)}\n`);
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, color: false, ...(grep === undefined ? {} : { grep }) });
  mocha.suite.emit('pre-require', globalThis, 'suite', mocha);
  await import('./all.ts');
  const failed = await new Promise<number>((resolve) => {
    const failures: string[] = [];
    const runner = mocha.run((count) => resolve(count));
    runner.on('fail', (test, error: Error) => failures.push(`${test.fullTitle()}: ${error.message}`));
    runner.once('end', () =>
      writeFileSync(results, JSON.stringify({ passed: runner.stats?.passes ?? 0, failed: runner.stats?.failures ?? 0, failures })),
    );
  });
  if (failed > 0) throw new Error(`${failed} tests failed`);
}
