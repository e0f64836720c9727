import { describe, expect, it } from 'vitest';
import { type Candidate, recommendFile, wilsonInterval } from '../../../src/shared/recommendation.ts';
import type { NodeMetrics } from '../../../src/shared/results.ts';

function metrics(top1: number | undefined, gzip: number, certified = true): NodeMetrics {
  const accuracy = { top1, top5: undefined, meanSquaredError: undefined, samples: 1000, runtime: 'test' };
  return {
    simulated: accuracy,
    deployed: accuracy,
    sizes: { raw: 2 * gzip, gzip, zip: gzip },
    latency: undefined,
    weights: [],
    certificate: { passed: certified, checks: [] },
    trainingSeconds: undefined,
    curve: [],
  };
}

const baseline = metrics(0.99, 60_000);
const candidate = (id: string, top1: number | undefined, gzip: number, certified = true): Candidate => ({
  id,
  metrics: metrics(top1, gzip, certified),
});

describe('the recommended file', () => {
  it('passes over a file that the chosen board has no room for, unless none fits', () => {
    const onBoard = (id: string, gzip: number, fitsBoard: boolean): Candidate => {
      const { metrics } = candidate(id, 0.99, gzip);
      return { id, metrics: { ...metrics, hardware: { ramBytes: 1, flashBytes: 1, macs: 1, fitsBoard } } };
    };
    expect(recommendFile([onBoard('small', 100, false), onBoard('fits', 9000, true)], baseline, undefined)?.id).toBe('fits');
    expect(recommendFile([onBoard('small', 100, false), onBoard('large', 9000, false)], baseline, undefined)?.id).toBe('small');
  });

  it('is the smallest within a point of the trained model', () => {
    const found = recommendFile(
      [candidate('a', 0.985, 9000), candidate('b', 0.982, 8000), candidate('c', 0.97, 5000)],
      baseline,
      undefined,
    );
    expect(found).toMatchObject({ id: 'b', reason: 'usual', verdicts: [], passedOver: undefined });
  });

  it('is the more accurate of two that are nearly the same size: 99.30% at 8,504 bytes, not 99.10% at 8,457', () => {
    const found = recommendFile([candidate('pcqat', 0.991, 8457), candidate('ptq', 0.993, 8504)], baseline, undefined);
    expect(found).toMatchObject({ id: 'ptq', passedOver: { id: 'pcqat' } });
    // 2.1% larger is no tie.
    expect(recommendFile([candidate('pcqat', 0.991, 8457), candidate('ptq', 0.993, 8635)], baseline, undefined)?.id).toBe('pcqat');
  });

  it('counts sizes as equal by the part that the recipe says, which alone is no target', () => {
    const files = [candidate('pcqat', 0.991, 8457), candidate('ptq', 0.993, 8635)];
    expect(recommendFile(files, baseline, { sizeTie: 0.03 })).toMatchObject({ id: 'ptq', reason: 'usual', verdicts: [] });
    expect(recommendFile(files, baseline, { sizeTie: 0 })?.id).toBe('pcqat');
    expect(recommendFile(files, baseline, { sizeTie: 0.03, compressedBytes: 9000 })).toMatchObject({ id: 'ptq', reason: 'targets' });
  });

  it('is the most accurate where none is within a point', () => {
    const found = recommendFile([candidate('a', 0.95, 9000), candidate('b', 0.96, 20_000)], baseline, undefined);
    expect(found).toMatchObject({ id: 'b', reason: 'accurate' });
  });

  it('is never one that is not what it claims to be', () => {
    expect(recommendFile([candidate('a', 0.99, 100, false), candidate('b', 0.985, 9000)], baseline, undefined)?.id).toBe('b');
    expect(recommendFile([candidate('a', 0.99, 100, false)], baseline, undefined)).toBeUndefined();
  });

  it('meets the targets, or misses the fewest of them', () => {
    const files = [candidate('a', 0.985, 9000), candidate('b', 0.93, 5000)];
    expect(recommendFile(files, baseline, { accuracyDrop: 0.1, compressedBytes: 6000 })).toMatchObject({ id: 'b', reason: 'targets' });
    expect(recommendFile(files, baseline, { accuracyDrop: 0.01, compressedBytes: 9500 })).toMatchObject({ id: 'a', reason: 'targets' });
    expect(recommendFile(files, baseline, { compressedBytes: 100 })).toMatchObject({ id: 'b', reason: 'closest' });
  });

  it('is the smallest where the task has no accuracy', () => {
    expect(recommendFile([candidate('a', undefined, 9000), candidate('b', undefined, 5000)], baseline, undefined)?.id).toBe('b');
  });
});

describe('the interval of an accuracy', () => {
  it('is the one of Wilson', () => {
    // Newcombe 1998, table I: 81 of 263 and 0 of 20.
    const [low, high] = wilsonInterval(81 / 263, 263);
    expect([low, high].map((end) => end.toFixed(4))).toEqual(['0.2553', '0.3662']);
    expect(wilsonInterval(0, 20).map((end) => end.toFixed(4))).toEqual(['0.0000', '0.1611']);
    expect(wilsonInterval(1, 20)[1]).toBe(1);
  });
});
