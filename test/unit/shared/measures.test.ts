/** What the table of measures promises: nothing else knows a measure by name. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { costMeasures, measureIds, measureRow } from '../../../src/shared/measures.ts';
import { checkTargets, targetMeasures } from '../../../src/shared/targets.ts';
import type { NodeMetrics } from '../../../src/shared/results.ts';

const root = path.resolve(import.meta.dirname, '../../..');

const metrics = (top1: number, gzip: number, milliseconds: number): NodeMetrics => {
  const accuracy = { top1, top5: undefined, meanSquaredError: undefined, samples: 100, runtime: 'test' };
  return {
    simulated: accuracy,
    deployed: accuracy,
    sizes: { raw: 2 * gzip, gzip, zip: gzip + 100 },
    latency: { medianMilliseconds: milliseconds, p10Milliseconds: 1, p90Milliseconds: 3, runs: 10, runtime: 'test' },
    weights: [],
    certificate: undefined,
    trainingSeconds: undefined,
    curve: [],
  };
};

describe('the table of measures', () => {
  it('is the only place in interfaces, tree and reports that reads a measure by its name', () => {
    const mayRead = [
      'src/shared/measures.ts',
      // What was published is compared column by column, as it was published.
      'src/core/report/published-results.ts',
      // A single file without a run: inspected, converted.
      'src/cli/commands/convert.ts',
      'src/cli/commands/inspect.ts',
      'src/extension/tflite/inspection-page.ts',
      'src/extension/commands/convert-and-evaluate.ts',
    ];
    const reading = ['src/shared', 'src/core/tree', 'src/core/report', 'src/cli', 'src/extension', 'webview'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => path.posix.join(folder, file.replaceAll('\\', '/')))
        .filter((file) => !mayRead.includes(file))
        .filter((file) =>
          /\bsizes\??\.gzip|latency\??\.medianMilliseconds|deployed\?\.top1/.test(readFileSync(path.join(root, file), 'utf8')),
        ),
    );
    expect(reading).toEqual([]);
  });

  it('has a column of its own in reports for each, and a short name', () => {
    const columns = measureIds.map((id) => measureRow(id).column);
    expect(new Set(columns).size).toBe(columns.length);
    expect(measureIds.every((id) => measureRow(id).short.length <= 14)).toBe(true);
    expect(costMeasures).not.toContain('accuracy');
  });

  it('gives every target its measure: a limit is compared with the value, for accuracy with the loss', () => {
    const verdicts = checkTargets(
      { accuracyDrop: 0.02, compressedBytes: 900, latencyMilliseconds: 2 },
      metrics(0.95, 5000, 9),
      metrics(0.93, 1000, 1.5),
    );
    expect(verdicts.map(({ measure, met }) => [measure, met])).toEqual([
      ['accuracy', true],
      ['gzip', false],
      ['latency', true],
    ]);
    expect(verdicts[0]?.found).toBeCloseTo(0.02, 12);
    expect(verdicts[1]?.found).toBe(1000);
    expect(new Set(targetMeasures.map(({ target }) => target)).size).toBe(targetMeasures.length);
  });
});
