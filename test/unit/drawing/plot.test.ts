import { describe, expect, it } from 'vitest';
import { curvePlot, smooth } from '../../../src/shared/drawing/plot/curve-plot.ts';
import { densityPlot } from '../../../src/shared/drawing/plot/density-plot.ts';
import { drawPlot, listedSeries } from '../../../src/shared/drawing/plot/draw-plot.ts';
import { plotGeometry, type PlotContents, type PlotPoint } from '../../../src/shared/drawing/plot/plot.ts';
import { tradeOffPlot } from '../../../src/shared/drawing/plot/trade-off-plot.ts';
import { densityPanels } from '../../../src/shared/drawing/density-series.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

const size = { width: 720, height: 320 };
const model = reduceEvents(exampleRun()).models[0]!;
const plain = (points: readonly PlotPoint[], scale: 'linear' | 'log' = 'linear'): PlotContents => ({
  series: [{ label: 'a', points, style: 'points', colour: 0 }],
  x: { title: 'x', scale, format: String },
  y: { title: 'y', format: String },
  description: 'a < b',
});

describe('the axes of a plot', () => {
  it('fit the points, with round ends and every point inside', () => {
    const { x, y, ticks, area } = plotGeometry(
      plain([
        { x: 1030, y: 0.971 },
        { x: 1970, y: 0.989 },
      ]),
      size,
    );
    expect(x.domain()).toEqual([800, 2200]);
    expect(y(0.989)).toBeGreaterThan(area.top);
    expect(y(0.971)).toBeLessThan(area.top + area.height);
    expect(ticks.y.every((tick) => tick >= 0.96 && tick <= 1)).toBe(true);
  });

  it('put equal ratios at equal distances on a logarithmic axis, with ticks of 1, 2 and 5', () => {
    const { x, ticks } = plotGeometry(
      plain(
        [
          { x: 10, y: 0 },
          { x: 10_000, y: 1 },
        ],
        'log',
      ),
      size,
    );
    expect(x(100) - x(10)).toBeCloseTo(x(10_000) - x(1_000), 9);
    for (const tick of ticks.x) expect([1, 2, 5]).toContain(Number(String(tick)[0]));
  });

  it('of one point have an extent', () => {
    const [low = 0, high = 0] = plotGeometry(plain([{ x: 5, y: 0 }]), size).x.domain();
    expect(low).toBeLessThan(5);
    expect(high).toBeGreaterThan(5);
  });

  it('of no points can be drawn', () => {
    expect(drawPlot(plain([]), size)).toContain('a &#60; b');
    expect(drawPlot(plain([{ x: 0, y: 1 }], 'log'), size)).not.toContain('NaN');
  });
});

describe('accuracy against size', () => {
  const plot = tradeOffPlot({
    model,
    measure: 'gzip',
    scale: 'log',
    targets: { accuracyDrop: 0.01, compressedBytes: 12_000 },
    chosen: 'qat',
    translate: english,
  });
  const named = plot.series.flatMap(({ points }) => points.flatMap(({ name }) => name ?? []));

  it('names the nodes of the front, the trained model and the recommended one', () => {
    const front = plot.series.find(({ label }) => label === 'Pareto front')!.points;
    expect(new Set(named).size).toBeGreaterThanOrEqual(front.length);
    expect(named).toContain('Trained model');
    const star = plot.series.find(({ style }) => style === 'star')!.points;
    expect(star).toHaveLength(1);
    expect(named).toContain(star[0]?.name);
  });

  it('draws the accuracy of the trained model and both targets from edge to edge', () => {
    const baseline = model.nodes.get('baseline')!.metrics!.simulated!.top1!;
    const line = (label: string) => plot.series.find((series) => series.label === label)!.points;
    expect(line('trained model').map(({ y }) => y)).toEqual([baseline, baseline]);
    expect(line('least accuracy').map(({ x }) => x)).toEqual([plot.x.minimum, plot.x.maximum]);
    expect(line('most allowed')).toEqual([plot.y.minimum, plot.y.maximum].map((y) => ({ x: 12_000, y })));
  });

  it('has each node once among its marks, and rings the chosen one', () => {
    const keys = plot.series.filter(({ style }) => style !== 'rings').flatMap(({ points }) => points.flatMap(({ key }) => key ?? []));
    expect(keys.toSorted()).toEqual([...model.nodes.keys()].toSorted());
    expect(plot.series.find(({ style }) => style === 'rings')!.points.map(({ key }) => key)).toEqual(['qat']);
  });

  it('writes names where they hide no point', () => {
    const texts = [...drawPlot(plot, size).matchAll(/<text class="point-name" x="([\d.]+)" y="([\d.]+)"/g)];
    expect(texts.length).toBeGreaterThan(0);
    expect(new Set(texts.map(([, , y]) => y)).size).toBe(texts.length);
  });
});

describe('a cut bar', () => {
  it('is marked, with its height beside it', () => {
    const pruned = densityPanels(model, 'pruned', 'dense').at(-1)!;
    const drawing = drawPlot(densityPlot(pruned, 'dense', english), { width: 320, height: 170 });
    expect(drawing).toContain('class="cut"');
    expect(drawing).toMatch(/class="cut-height"[^>]*>50%</);
  });

  it('is none where the highest bar fits', () => {
    const baseline = densityPanels(model, 'baseline', 'dense').at(-1)!;
    expect(drawPlot(densityPlot(baseline, 'dense', english), { width: 320, height: 170 })).not.toContain('class="cut"');
  });
});

describe('training curves', () => {
  const curve = [1, 0.5, 0.25].map((loss, step) => ({ step, loss, accuracy: undefined }));
  const plot = curvePlot({
    curves: [
      { label: 'chosen', points: curve, colour: 0 },
      { label: 'other', points: curve, colour: undefined },
    ],
    quantity: 'loss',
    smoothing: 0.5,
    translate: english,
  });

  it('have the chosen node in colour above the others in grey, and keep what was measured in sight', () => {
    expect(plot.series.map(({ label, colour, style }) => [label, colour, style])).toEqual([
      ['other', 'quiet', 'line'],
      ['chosen', 0, 'faint'],
      ['chosen', 0, 'line'],
    ]);
    expect(listedSeries(plot).map(({ label }) => label)).toEqual(['chosen']);
  });

  it('are smoothed by a moving average that starts at the first point', () => {
    // (0.5 · 1 · 0.5 + 0.5 · 0.5) / 0.75 = 2/3; (0.25 · 0.5 · 1 + 0.5 · 0.5 · 0.5 + 0.5 · 0.25) / 0.875 = 3/7.
    const smoothed = smooth(
      curve.map(({ step, loss }) => ({ x: step, y: loss })),
      0.5,
    );
    for (const [index, expected] of [1, 2 / 3, 3 / 7].entries()) expect(smoothed[index]?.y).toBeCloseTo(expected, 12);
  });
});
