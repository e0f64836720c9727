import { describe, expect, it } from 'vitest';
import type { Codebook, IntegerGrid, NetworkConstraints } from '../../../src/core/constraints/constraint.ts';
import { findConstraint } from '../../../src/core/constraints/constraint.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { createRandom } from '../../../src/core/random.ts';
import { fitCodebookScales, scaleFactor } from '../../../src/core/techniques/post-training/fit-codebook-scales.ts';

describe('the scale of a codebook', () => {
  it('is one on which all centroids are integers, where there is one', () => {
    // 0.3 and -1 are 18 and -60 where 2 is 120; at 127 they would be 19.05 and -63.5.
    const factor = scaleFactor(Float32Array.of(-1, 0, 0.3, 2), Uint32Array.of(5, 9, 7, 1));
    const scale = (2 / 127) * factor;
    for (const centroid of [-1, 0.3, 2]) expect(Math.abs(centroid / scale - Math.round(centroid / scale))).toBeLessThan(1e-5);
  });

  it('never errs more than the smallest, and is less than twice as wide', () => {
    const random = createRandom(4);
    for (let trial = 0; trial < 200; trial++) {
      const centroids = Float32Array.from({ length: 16 }, () => random.normal());
      const counts = Uint32Array.from(centroids, () => random.integer(1000));
      const largest = centroids.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = (scale: number): number =>
        centroids.reduce((sum, value, i) => sum + counts[i]! * (value - scale * Math.round(value / scale)) ** 2, 0);
      const factor = scaleFactor(centroids, counts);
      expect(factor).toBeGreaterThanOrEqual(1);
      expect(factor).toBeLessThan(2);
      expect(error((factor * largest) / 127)).toBeLessThanOrEqual(error(largest / 127) * (1 + 1e-6) + 1e-12);
    }
  });

  it('is 1 where all weights are zero', () => {
    expect(scaleFactor(new Float32Array(4), new Uint32Array(4))).toBe(1);
  });
});

describe('the scales of a network', () => {
  const grid: IntegerGrid = { kind: 'integerGrid', granularity: { kind: 'channel', axis: 0 }, scales: Float32Array.of(2 / 127, 4 / 127) };
  const codebook: Codebook = {
    kind: 'codebook',
    granularity: { kind: 'tensor' },
    centroids: Float32Array.of(-1, 0, 0.3, 2),
    clusters: 4,
    zeroPinned: false,
    units: { granularity: { kind: 'channel', axis: 0 }, scales: Float32Array.of(1, -2) },
  };
  const b = new NetworkBuilder('two channels');
  const kernel = { shape: [2, 1, 1, 3], data: Float32Array.of(2, 0.3, -1, -4, -0.6, 0) };
  const network = b.build([b.conv2d('conv', b.input([1, 1, 3]), { kernel })]);
  const scalesOf = (constraints: NetworkConstraints): Float32Array =>
    findConstraint(constraints.get('conv/kernel') ?? [], 'integerGrid')?.scales ?? new Float32Array(0);

  it('widen together under one codebook, so that a centroid stays one integer in every channel', () => {
    const [first = 0, second = 0] = scalesOf(fitCodebookScales(network, new Map([['conv/kernel', [codebook, grid]]])));
    expect(second / first).toBeCloseTo(2, 6);
    expect(0.3 / first).toBeCloseTo(Math.round(0.3 / first), 4);
  });

  it('stay where centroids are integers already', () => {
    const integers: Codebook = { ...codebook, integers: true, centroids: Float32Array.of(-64, 0, 19, 127) };
    expect(scalesOf(fitCodebookScales(network, new Map([['conv/kernel', [integers, grid]]])))).toEqual(grid.scales);
  });
});
