import { describe, expect, it } from 'vitest';
import { hasRoom, nearestSize } from '../../../src/core/search/check-field.ts';

const overhead = { raw: 100, gzip: 100, packed: 100, ethosU: 0 };
const layer = (divergence: number) => ({
  layer: 'dense',
  operation: 'dense',
  shape: [1, 100],
  elements: 100,
  macs: 100,
  fitted: true,
  choices: [{ sparsity: 0, clusters: 0, bits: 8 as const, divergence, measured: true, bytes: { ...overhead, gzip: 100 }, cycles: {} }],
});

describe('the nearest size', () => {
  it('has room for a candidate', () => {
    // 200 bytes at least; candidates stay 2% below a budget, so 204.08 are needed, and 5% more than 200 are named.
    const report = { overhead, layers: [layer(1)] };
    expect([204, 205].map((bytes) => hasRoom(report, { count: 'gzip', bytes }))).toEqual([false, true]);
    expect(nearestSize(report, 'gzip')).toBe(210);
  });

  it('is found in a moment where layers move the output by what is no number, so that nothing has room', () => {
    expect(nearestSize({ overhead, layers: [layer(NaN)] }, 'gzip')).toBeLessThan(1000);
  });
});
