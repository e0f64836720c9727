import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resultsDocument } from '../../../scripts/results/results-document.ts';
import type { Studies, Study } from '../../../scripts/results/studies.ts';
import { accuracyCell } from '../../../scripts/results/statistics.ts';
import { withFigures, worstLeaf } from '../../../scripts/results/study-figures.ts';
import { finishedRuns, seriesOf } from '../../../scripts/results/study-runs.ts';
import type { ReadRun } from '../../../src/core/report/read-run.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';
import { writeRunFolder } from '../../support/stored-run.ts';

const study: Study = { title: 'Digits', text: ['What it is.'], recipe: 'mnist.espalier.json', control: 'pruned', findings: ['It works.'] };
const studies: Studies = { baselines: {}, studies: [study], notes: ['A note.'], notRun: [], throughput: [] };

/** The example's events with one node's accuracies changed. */
function run(seed: number, node: string, top1: number): ReadRun {
  const events = exampleRun().map((event): RunEvent => {
    if (event.type !== 'node-finished' || event.node !== node) return event;
    const { simulated, deployed } = event.metrics;
    return {
      ...event,
      metrics: {
        ...event.metrics,
        simulated: simulated && { ...simulated, top1 },
        deployed: deployed && { ...deployed, top1 },
      },
    };
  });
  return {
    folder: '',
    events,
    state: reduceEvents(events),
    recipe: { seed, reference: { [node]: { deployedTop1: 0.5, rawBytes: 100, compressedBytes: 40 } } },
  };
}

const rowOf = (document: string, title: string): readonly string[] =>
  (document.split('\n').find((line) => line.startsWith('|') && line.includes(`${title} |`)) ?? '').split(' | ').map((cell) => cell.trim());

describe('docs/results.md', () => {
  it('gives of several seeds the mean and its interval, and the difference to the control of the same run', () => {
    const runs = [run(0, 'clustered/cqat', 0.9), run(1, 'clustered/cqat', 0.94)];
    const document = resultsDocument(studies, [{ study, runs }], 'abc1234');
    const cells = rowOf(document, 'QAT, clustered model');
    // Half a 95% interval of 0.9 and 0.94: 12.706, Student's t of one degree of freedom, times 0.02, the error of their mean.
    expect(cells[1]).toBe('92.00% ± 25.41');
    expect(cells[2]).toBe('92.00% ± 25.41');
    const control = runs[0]!.state.models[0]!.nodes.get('pruned')!.metrics!.simulated!.top1!;
    expect(cells[3]).toBe(`−${(100 * (control - 0.92)).toFixed(2)} ± 25.41`);
    expect(rowOf(document, 'Pruned model')[3]).toBe('–');
    expect(document).toContain('seeds 0, 1;');
    expect(document).toContain('- It works.');
  });

  it('reads sizes, zeros, unique values and certificates from the metrics', () => {
    const document = resultsDocument(studies, [{ study, runs: [run(0, 'ptq', 0.9)] }], 'abc1234');
    expect(rowOf(document, 'QAT pruned, clustered model').slice(4)).toEqual([
      '25,512',
      '6,378',
      '75.0%',
      '50.0%',
      '8 (8)',
      'passed',
      '4.2 s |',
    ]);
    expect(document).toContain('8 INT8 files, every certificate passed');
  });

  it('prints published figures beside measured ones', () => {
    const document = resultsDocument(studies, [{ study, runs: [run(0, 'ptq', 0.9)] }], 'abc1234');
    expect(document).toMatch(
      /\| Quantized model \| 90\.00% \/ – \| 90\.00% \/ 50\.00% \| 25,512 \/ 100 \| 22,961 \/ 40 \| 10\.00% \/ 60\.00% \|/,
    );
  });

  it('keeps the section of a study that was run elsewhere, and replaces it when it is run here', () => {
    const before = resultsDocument(studies, [{ study, runs: [run(0, 'ptq', 0.9)] }], 'abc1234');
    expect(resultsDocument(studies, [{ study, runs: [] }], 'abc1234', before)).toBe(before);
    const again = resultsDocument(studies, [{ study, runs: [run(0, 'ptq', 0.8)] }], 'abc1234', before);
    expect(rowOf(again, 'Quantized model')[1]).toBe('80.00% ± 0.78');
    expect(again.match(/^## Digits$/gm)).toHaveLength(1);
    const empty = resultsDocument(studies, [{ study, runs: [] }], 'abc1234');
    expect(rowOf(resultsDocument(studies, [{ study, runs: [run(0, 'ptq', 0.7)] }], 'abc1234', empty), 'Quantized model')[1]).toBe(
      '70.00% ± 0.90',
    );
  });

  it('says what was not run, with the time that it would take', () => {
    const document = resultsDocument(
      {
        ...studies,
        notRun: [{ recipe: 'big.espalier.json', row: 'PQAT', published: '70%', examples: 3600, epochs: 10, network: 'net' }],
        throughput: [{ network: 'net', examplesPerSecond: 5, measured: 'batch 8', megaMultiplyAdds: 1000 }],
      },
      [{ study, runs: [] }],
      'abc1234',
    );
    expect(document).toContain('_Not run yet._');
    // 36,000 examples at 5 a second; on a GPU 3 x 1,000 million multiply-adds each at 2 million million a second.
    expect(document).toMatch(/\| PQAT \| .* \| 70% \| recipe ready, not run here \| 2 h \| 1 min \|/);
  });
});

describe('runs of a study', () => {
  let folder = '';
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function keep(id: string, seed: number, events: readonly RunEvent[]): Promise<void> {
    await writeRunFolder(join(folder, '.espalier', 'runs', id), events, { seed });
  }

  it('are the latest finished ones of each seed', async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-results-'));
    const later = (events: readonly RunEvent[]): readonly RunEvent[] => events.map((event) => ({ ...event, time: event.time + 1e6 }));
    await keep('a', 0, exampleRun({ runId: 'a' }));
    await keep('b', 0, later(exampleRun({ runId: 'b' })));
    await keep('c', 0, later(later(exampleRun({ runId: 'c' }))).slice(0, -1));
    await keep('d', 1, exampleRun({ runId: 'd' }));
    const runs = await finishedRuns({ ...study, runs: [{ seed: 1 }, { seed: 0 }, { seed: 2 }] }, folder, 0);
    expect(runs.map(({ state }) => state.runId)).toEqual(['d', 'b']);
    const since = exampleRun()[0]!.time + 1;
    const ofThisCode = await finishedRuns({ ...study, runs: [{ seed: 1 }, { seed: 0 }] }, folder, since);
    expect(ofThisCode.map(({ state }) => state.runId)).toEqual(['b']);
    expect(await finishedRuns({ ...study, recipe: 'other.espalier.json' }, folder, 0)).toEqual([]);
  });
});

describe('sentences about a study', () => {
  const series = seriesOf([run(0, 'ptq', 0.9), run(1, 'ptq', 0.92)]);

  it('take their figures from the runs', () => {
    expect(withFigures('PTQ scores {ptq accuracy}.', series, undefined)).toBe('PTQ scores 91.00%.');
    const control = series.find(({ id }) => id === 'pruned');
    expect(worstLeaf(series, control)).toMatch(
      /^Of the INT8 files “Quantized model” lies lowest against the float control: −\d+\.\d\d ± 12\.71 points\.$/,
    );
  });

  it('cannot ask for what was not measured', () => {
    expect(() => withFigures('{ptq speed}', series, undefined)).toThrow(/there are accuracy, saved, gzip, difference of .*ptq/);
    expect(() => withFigures('{none accuracy}', series, undefined)).toThrow(/asks for "accuracy" of "none"/);
  });

  it('gives runs that agree the interval of their test examples', () => {
    // By hand: 1.96 * sqrt(0.8 * 0.2 / 10,000) = 0.00784.
    expect(accuracyCell([0.8, 0.8, 0.8], 10_000)).toBe('80.00% ± 0.78');
    // Student's t with two degrees of freedom, 4.303 * 0.02 / sqrt(3) = 0.0497, is the larger one here.
    expect(accuracyCell([0.9, 0.92, 0.94], 1000)).toBe('92.00% ± 4.97');
  });
});
