import { describe, expect, it } from 'vitest';
import { densityPanels, kernelNames } from '../../../src/shared/drawing/density-series.ts';
import { formatBytes, formatChange, formatSeconds } from '../../../src/shared/drawing/format.ts';
import { paretoFront, tradeOffPoints } from '../../../src/shared/drawing/pareto-front.ts';
import { resultColumns, resultRows, sortRows, toCsv, toMarkdown } from '../../../src/shared/drawing/result-table.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import type { ModelState } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

function exampleModel(events = exampleRun()): ModelState {
  const [model] = reduceEvents(events).models;
  if (model === undefined) throw new Error('the example run has a model');
  return model;
}

const columns = resultColumns(english);

describe('the result table', () => {
  it('has a row for each node in the order of the tree, indented by level', () => {
    const rows = resultRows(exampleModel(), english);
    expect(rows.map((row) => row.level)).toEqual([0, 1, 1, 1, 2, 2, 2, 3, 3, 1, 2, 2]);
    expect(rows.find((row) => row.node === 'pruned/pqat')?.cells).toMatchObject({
      model: { text: 'QAT, pruned model' },
      raw: { text: '25.5 kB (−70.0%)', order: 25_512 },
      // Against the trained model's file with the same compression, as in the headline.
      gzip: { text: expect.stringMatching(/^15\.3 kB \(−\d\d\.\d%\)$/) },
      sparsity: { text: '50.0%', order: 0.5 },
      uniqueValues: { text: '201' },
      uniqueValuesPerChannel: { text: '40' },
      certificate: { text: 'passed' },
    });
  });

  it('has no column for what no node has measured', () => {
    const keys = (model: ModelState): readonly string[] => resultColumns(english, model).map(({ key }) => key);
    expect(keys(exampleModel())).toContain('cycles');
    const untargeted = exampleRun().map((event) =>
      event.type === 'node-finished' ? { ...event, metrics: { ...event.metrics, hardware: undefined, latency: undefined } } : event,
    );
    expect(keys(exampleModel(untargeted)).filter((key) => ['ram', 'flash', 'macs', 'cycles', 'latency'].includes(key))).toEqual([]);
  });

  it('marks the best of each column among the files to deploy, and says what accuracy has changed', () => {
    const rows = resultRows(exampleModel(), english);
    const leaves = rows.filter(({ cells }) => typeof cells.accuracy.order === 'number');
    const most = Math.max(...leaves.map(({ cells }) => Number(cells.accuracy.order)));
    expect(rows.filter(({ cells }) => cells.accuracy.best === true).map(({ cells }) => cells.accuracy.order)).toEqual(
      leaves.filter(({ cells }) => cells.accuracy.order === most).map(() => most),
    );
    // Of float nodes none is a file to deploy.
    expect(rows.find(({ node }) => node === 'pruned')?.cells.sparsity.best).toBeUndefined();
    for (const { cells } of leaves) expect(cells.accuracy.text).toMatch(/^9\d\.\d\d% ± 0\.\d\d \([+−]\d\.\d\d\)$/);
    expect(rows[0]?.cells.simulated.text).toMatch(/^9\d\.\d\d% ± 0\.\d\d$/);
    expect(columns.find(({ key }) => key === 'gzip')?.better).toBe('lower');
    expect(columns.find(({ key }) => key === 'accuracy')?.better).toBe('higher');
  });

  it('gives the INT8 accuracy to int8 nodes alone', () => {
    for (const row of resultRows(exampleModel(), english)) {
      expect(row.cells.accuracy.order === undefined).toBe(['baseline', 'pruned', 'clustered', 'pruned/clustered'].includes(row.node));
    }
  });

  it('sorts by value in both directions with missing values last', () => {
    const rows = resultRows(exampleModel(), english);
    for (const descending of [true, false]) {
      const order = sortRows(rows, { column: 'accuracy', descending }).map((row) => row.cells.accuracy.order);
      const known = order.filter((value): value is number => typeof value === 'number');
      expect(order.slice(known.length).every((value) => value === undefined)).toBe(true);
      expect(known).toEqual(known.toSorted((a, b) => (descending ? b - a : a - b)));
    }
    expect(sortRows(rows, undefined)).toEqual(rows);
  });

  it('says how sure each accuracy is', () => {
    // Of 10,000 examples near 98% right: 1.96 standard errors are about 0.27 points.
    const row = resultRows(exampleModel(exampleRun()), english).find(({ node }) => node === 'pruned/pqat');
    expect(row?.cells.accuracy.text).toMatch(/^97\.\d\d% ± 0\.(2|3)\d \([+−]\d\.\d\d\)$/);
    expect(row?.cells.simulated.text).toMatch(/^97\.\d\d% ± 0\.(2|3)\d \([+−]\d\.\d\d\)$/);
  });

  it('tells the state of a node that has no figures yet', () => {
    const events = exampleRun();
    const middle = events.findIndex((event) => event.type === 'node-progress' && event.node === 'pruned') + 3;
    const rows = resultRows(exampleModel(events.slice(0, middle)), english);
    expect(rows.find((row) => row.node === 'pruned')?.cells.simulated.text).toBe('training 37%');
    expect(rows.find((row) => row.node === 'clustered')?.cells.simulated.text).toBe('waiting');
  });

  it('is copied as Markdown that keeps its columns whatever the names hold', () => {
    const model = exampleModel();
    const baseline = resultRows(model, (text) => (text === 'Trained model' ? 'a|b' : text)).slice(0, 1);
    const [head, rule, row] = toMarkdown(columns, baseline).split('\n');
    expect(head).toBe(
      '| Model | fp32 / fake-int8 top-1 | INT8 top-1 | Size | Compressed | zstd | Brotli | Packed | Ethos-U | RAM | Flash | MACs | Cycles | Latency | Sparsity | Unique values | Unique values in a channel | Certificate |',
    );
    expect(rule).toBe(
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
    );
    expect(row).toMatch(/^\| a\\\|b \| 9\d\.\d\d% ± 0\.\d\d \| – \| 85\.0 kB \|/);
  });

  it('is copied as CSV with plain numbers and quoted names', () => {
    const lines = toCsv(columns, resultRows(exampleModel(), english)).split('\r\n');
    expect(lines).toHaveLength(14);
    expect(lines[5]).toMatch(
      /^"Quantized, pruned model",0\.97\d*,0\.97\d*,25512,15307,14100,13900,15707,,9640,65512,250000,850000,0\.081,0\.5,201,40,passed$/,
    );
  });
});

describe('figures for people', () => {
  it('are written with the unit that fits', () => {
    expect([0, 999, 1_000, 84_968, 999_949, 999_950, 12_345_678].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '85.0 kB',
      '999.9 kB',
      '1.00 MB',
      '12.35 MB',
    ]);
    expect([0.01234, -0.0005].map(formatChange)).toEqual(['+1.23', '−0.05']);
    expect([3.14, 75].map(formatSeconds)).toEqual(['3.1 s', '1 min 15 s']);
  });
});

describe('the Pareto front', () => {
  it('holds the points that none beats in both respects', () => {
    const point = (cost: number, accuracy: number) => ({ node: `${cost}`, title: '', leaf: true, cost, accuracy });
    const points = [point(30, 0.9), point(10, 0.8), point(20, 0.7), point(20, 0.85), point(40, 0.9), point(50, 0.95)];
    expect(paretoFront(points).map(({ cost, accuracy }) => [cost, accuracy])).toEqual([
      [10, 0.8],
      [20, 0.85],
      [30, 0.9],
      [50, 0.95],
    ]);
  });

  it('takes the deployed accuracy where it was measured', () => {
    const ptq = tradeOffPoints(exampleModel()).find((point) => point.node === 'ptq');
    const metrics = exampleModel().nodes.get('ptq')?.metrics;
    expect(ptq?.accuracy).toBe(metrics?.deployed?.top1);
    expect(ptq?.accuracy).not.toBe(metrics?.simulated?.top1);
  });
});

describe('density along a path', () => {
  it('puts the float nodes on one axis and int8 nodes on the integers', () => {
    const model = exampleModel();
    expect(kernelNames(model)).toEqual(['conv2d', 'dense']);
    const panels = densityPanels(model, 'pruned/clustered/pcqat', 'dense');
    expect(panels.map((panel) => panel.node)).toEqual(['baseline', 'pruned', 'pruned/clustered', 'pruned/clustered/pcqat']);
    expect(panels.map(({ axis, minimum, maximum }) => [axis, minimum, maximum])).toEqual([
      ['weight', -0.6, 0.6],
      ['weight', -0.6, 0.6],
      ['weight', -0.6, 0.6],
      ['integer', -128, 127],
    ]);
  });

  it('puts each bin at its middle, as a share of the elements', () => {
    const [panel] = densityPanels(exampleModel(), 'baseline', 'dense');
    expect(panel?.points).toHaveLength(64);
    expect(panel?.points[0]?.x).toBeCloseTo(-0.6 + 1.2 / 128, 12);
    expect(panel?.points[32]?.y).toBeCloseTo(317 / 20_280, 2);
  });

  it('leaves room for the shoulders beside the spike of pruned weights', () => {
    const [, pruned] = densityPanels(exampleModel(), 'pruned', 'dense');
    const shares = (pruned?.points ?? []).map((point) => point.y).toSorted((a, b) => b - a);
    expect(shares[0]).toBe(0.5);
    expect(pruned?.greatest).toBeCloseTo(2 * (shares[1] ?? 0), 12);
  });
});
