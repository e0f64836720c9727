import { describe, expect, it } from 'vitest';
import { projectWeights } from '../../../src/core/constraints/composition.ts';
import { createRandom } from '../../../src/core/random.ts';
import { buildCodebook } from '../../../src/core/techniques/clustering/build-codebook.ts';
import { chooseCentroids } from '../../../src/core/techniques/clustering/choose-centroids.ts';
import { initialCentroids } from '../../../src/core/techniques/clustering/initial-centroids.ts';
import { distortionOf, kMeans } from '../../../src/core/techniques/clustering/k-means.ts';
import { valueBits } from '../../../src/core/techniques/clustering/value-bits.ts';

const zeroToTen = Float32Array.from({ length: 11 }, (_, i) => i);

describe('initial centroids', () => {
  it('linear: equal steps from the least to the largest', () => {
    expect([...initialCentroids('linear', zeroToTen, 5, createRandom(0))]).toEqual([0, 2.5, 5, 7.5, 10]);
  });

  it('linear with zero pinned: each side by itself', () => {
    const choice = { clusters: 5, initialization: 'linear', zeroPinned: true, refine: false } as const;
    expect([...chooseCentroids(zeroToTen, undefined, choice, createRandom(0)).centroids]).toEqual([0, 1, 4, 7, 10]);
  });

  it('density: equal steps of the cumulative distribution, on a grid of 30', () => {
    const values = Float32Array.of(0, 1, 2, 3, 3.1, 3.2, 3.3, 3.4, 3.5);
    const centroids = initialCentroids('density', values, 3, createRandom(0));
    [0.11138, 3.14586, 3.51].forEach((expected, i) => expect(centroids[i]).toBeCloseTo(expected, 5));
  });

  it('random: within the range, the same for the same seed', () => {
    const centroids = initialCentroids('random', zeroToTen, 4, createRandom(3));
    expect(centroids.every((centroid, i) => centroid >= 0 && centroid <= 10 && centroid >= (centroids[i - 1] ?? 0))).toBe(true);
    expect(initialCentroids('random', zeroToTen, 4, createRandom(3))).toEqual(centroids);
  });

  it('k-means++: never the same value twice while there are others', () => {
    for (let seed = 0; seed < 20; seed++) expect(new Set(initialCentroids('kmeans++', zeroToTen, 11, createRandom(seed))).size).toBe(11);
  });

  it('share the clusters out by the weights on each side of zero', () => {
    // 3 of 4 weights are negative: round(4 * 3 / 4) = 3 centroids for them.
    const choice = { clusters: 5, initialization: 'linear', zeroPinned: true, refine: false } as const;
    expect([...chooseCentroids(Float32Array.of(-3, -2, -1, 0, 0, 5), undefined, choice, createRandom(0)).centroids]).toEqual([
      -3, -2, -1, 0, 5,
    ]);
  });
});

describe('k-means', () => {
  it('ends at the means of well separated groups, however it starts', () => {
    const problem = { values: Float32Array.of(-5, -4, 1, 2, 3, 10), zeroPinned: false };
    const clustering = kMeans(problem, Float32Array.of(-5, 1, 10));
    expect([...clustering.centroids]).toEqual([-4.5, 2, 10]);
    expect(distortionOf(problem, clustering)).toBe(0.5 + 2);
  });

  it('leaves a pinned zero in place', () => {
    const { centroids } = kMeans({ values: Float32Array.of(-4, -2, 0.5, 3, 5), zeroPinned: true }, Float32Array.of(-4, 0, 3));
    expect([...centroids]).toEqual([-3, 0, 4]);
  });

  it('follows the importance of the values', () => {
    const { centroids } = kMeans(
      { values: Float32Array.of(0, 1, 10), importance: Float32Array.of(1, 3, 1), zeroPinned: false },
      Float32Array.of(0, 10),
    );
    expect([...centroids]).toEqual([0.75, 10]);
  });

  it('with a rate term gives a frequent cluster more room: members, shares and costs by hand', () => {
    const problem = { values: Float32Array.of(-1, -1, -1, -1, -0.3, 0.1, 1, 1), zeroPinned: false };
    const start = Float32Array.of(-1, -0.1, 1);
    expect([...kMeans(problem, start).centroids].map((centroid) => Number(centroid.toFixed(4)))).toEqual([-1, -0.1, 1]);
    // A bit is worth 0.5. The boundary of -1 (4 of 8: 1 bit) and -0.1 (2 of 8: 2 bits) is -0.55 + 0.5 / (2 * 0.9), beyond -0.3.
    const { centroids, costs } = kMeans({ ...problem, rate: { costPerBit: 0.5, zeros: 0, valueBits: valueBits.gzip } }, start);
    expect([...centroids].map((centroid) => Number(centroid.toFixed(4)))).toEqual([-0.86, 0.1, 1]);
    [Math.log2(8 / 5), 3, 2].forEach((bits, i) => expect(costs[i]).toBeCloseTo(0.5 * bits, 6));
  });

  it('with a rate term counts the pruned weights for the zero centroid', () => {
    const { centroids, costs } = kMeans(
      { values: Float32Array.of(-3, -3, 0.9, 3, 3), zeroPinned: true, rate: { costPerBit: 0.1, zeros: 15, valueBits: valueBits.gzip } },
      Float32Array.of(-3, 0, 3),
    );
    expect([...centroids]).toEqual([-3, 0, 3]);
    expect(costs[1]).toBeCloseTo(0.1 * Math.log2(20 / 16), 6);
    expect(costs[0]).toBeCloseTo(0.1 * Math.log2(20 / 2), 6);
  });
});

describe('codebooks', () => {
  const random = createRandom(11);
  const shape = [4, 3, 3, 5];
  const weights = Float32Array.from({ length: 180 }, () => random.normal());

  it('give each channel its own values', () => {
    const codebook = buildCodebook(
      weights,
      shape,
      {
        clusters: 3,
        granularity: { kind: 'channel', axis: 0 },
        initialization: 'kmeans++',
        zeroPinned: false,
        refine: true,
        gradient: 'sum',
      },
      createRandom(1),
    );
    const projected = projectWeights(weights, shape, [codebook]);
    for (let channel = 0; channel < 4; channel++)
      expect(new Set(projected.slice(channel * 45, channel * 45 + 45)).size).toBeLessThanOrEqual(3);
    expect(new Set(projected).size).toBeGreaterThan(3);
  });

  it('on the integer grid are integers times the scale of the channel, with zero among them', () => {
    const grid = { granularity: { kind: 'channel', axis: 0 }, scales: Float32Array.of(0.02, 0.03, 0.025, 0.04) } as const;
    const codebook = buildCodebook(
      weights,
      shape,
      { clusters: 8, granularity: { kind: 'tensor' }, initialization: 'kmeans++', zeroPinned: true, refine: true, gradient: 'sum', grid },
      createRandom(1),
    );
    expect(codebook.centroids).toContain(0);
    expect(codebook.centroids.every(Number.isInteger)).toBe(true);
    const integers = projectWeights(weights, shape, [codebook]).map((weight, i) => weight / (grid.scales[Math.floor(i / 45)] ?? 1));
    expect(new Set(integers.map(Math.round)).size).toBeLessThanOrEqual(8);
    integers.forEach((integer) => expect(integer).toBeCloseTo(Math.round(integer), 4));
  });

  it('with a rate weight take fewer bits for a larger error, and project what they gave onto itself', () => {
    const entropyAndError = (rateWeight: number): readonly [number, number] => {
      const request = {
        clusters: 8,
        granularity: { kind: 'tensor' },
        initialization: 'kmeans++',
        zeroPinned: false,
        refine: true,
      } as const;
      const codebook = buildCodebook(weights, shape, { ...request, gradient: 'sum', rateWeight }, createRandom(1));
      const projected = projectWeights(weights, shape, [codebook]);
      expect(projectWeights(projected, shape, [codebook])).toEqual(projected);
      const counts = new Map<number, number>();
      projected.forEach((value) => counts.set(value, (counts.get(value) ?? 0) + 1));
      const entropy = [...counts.values()].reduce((sum, count) => sum - (count / 180) * Math.log2(count / 180), 0);
      return [entropy, projected.reduce((sum, value, i) => sum + (value - (weights[i] ?? 0)) ** 2, 0) / 180];
    };
    const [plainBits, plainError] = entropyAndError(0);
    const [bits, error] = entropyAndError(1);
    expect(bits).toBeLessThan(plainBits - 0.1);
    expect(error).toBeGreaterThan(plainError);
    // What the bits are worth in error: the slope of a fine quantizer.
    expect(error - plainError).toBeLessThan(2 * Math.LN2 * plainError * (plainBits - bits));
  });

  it.each([[0], [2]])('of a kernel whose weights are all %f project it onto itself', (value) => {
    const uniform = new Float32Array(12).fill(value);
    const codebook = buildCodebook(
      uniform,
      [3, 4],
      { clusters: 4, granularity: { kind: 'tensor' }, initialization: 'kmeans++', zeroPinned: true, refine: true, gradient: 'sum' },
      createRandom(1),
    );
    expect(projectWeights(uniform, [3, 4], [codebook])).toEqual(uniform);
  });
});
